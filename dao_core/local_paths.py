"""Paths as users write them."""

from __future__ import annotations

from pathlib import Path

from dao_core.errors import InputError

SHOWN = 80
"""Characters of an impossible path that an error repeats."""


def local_path(text: str | Path) -> Path:
    """The path that a user wrote, with ``~`` expanded; there need be nothing at it.

    Raises:
        InputError: no such path can be: it is too long, a loop of links, in the home of a user who
            does not exist, or holds a NUL.
    """
    try:
        path = Path(text).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return path
    except (OSError, RuntimeError, ValueError) as error:
        told = str(text) if len(str(text)) <= SHOWN else f"{str(text)[:SHOWN]}..."
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{told!r} is no path: {reason}") from error
    return path
