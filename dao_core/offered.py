"""What other packages offer by entry points: known by name, loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dao_core.errors import MissingError


def offered(group: str, ours: Collection[str]) -> dict[str, EntryPoint]:
    """Entry points of a group by name; none takes a name of ours. Nothing is loaded.

    Args:
        group: For example ``dao.sources``.
        ours: Names that are taken.
    """
    return {entry.name: entry for entry in entry_points(group=group) if entry.name not in ours}


def load_offered(entry: EntryPoint, kind: str) -> Any:
    """What an entry point names.

    Args:
        entry: The entry point.
        kind: What it is, in the text of the error.

    Raises:
        MissingError: The package that offers it is broken; says which and how.
    """
    try:
        return entry.load()
    except Exception as error:  # whatever a stranger's module raises
        package = entry.dist.name if entry.dist else entry.value
        raise MissingError(
            f"the {kind} {entry.name!r} of the package {package} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
