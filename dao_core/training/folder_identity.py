"""A folder that is filled over several starts belongs to one piece of work, and says to which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dao_core.drafts import draft_of
from dao_core.errors import InputError


def claim(file: Path, identity: Mapping[str, Any], what: str) -> None:
    """Say in ``file`` what its folder is for, or check that it says the same already.

    Args:
        file: JSON in the folder, which is made.
        identity: what must stay the same from start to start; plain JSON values.
        what: of the work, for the message.

    Raises:
        InputError: the folder holds other work of this kind, or cannot be written.
    """
    whole = json.loads(json.dumps(identity))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file():
            with draft_of(file) as draft:
                draft.write_text(json.dumps(whole, indent=1))
        known = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{file.parent} cannot hold {what}: {error}") from error
    if known != whole:
        differing = sorted(key for key in known | whole if known.get(key) != whole.get(key))
        raise InputError(
            f"{file.parent} holds {what} with other {', '.join(differing)}; choose another folder"
        )
