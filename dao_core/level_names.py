"""Names of the levels of calculations made elsewhere: settings, and what each element has.

``qe-pbe-3f2a91c0[Mg:1a2b3c,O:4d5e6f]``: what stands before the bracket is the same for all elements
(code, functional, a hash of the other settings); within it each element has a hash of its
pseudopotential and its U. Crystals of different elements may share a hull when the settings agree
and each element that they share has the same hash, so a hull looks for the phases of a subsystem at
the level restricted to the subsystem's elements.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from dao_core.hashing import content_hash

_BY_ELEMENT = re.compile(r"(?P<settings>.*)\[(?P<elements>[A-Z][A-Za-z0-9:,]*)\]")
SETTINGS_DIGITS, ELEMENT_DIGITS = 8, 6


def level_name(prefix: str, settings: Mapping[str, Any], by_element: Mapping[str, Any]) -> str:
    """Name of a level.

    Args:
        prefix: Code, functional and whatever else a reader should see.
        settings: Everything else that changes an energy whatever the elements, plain JSON values.
        by_element: Element -> what of the level is its own, plain JSON values.
    """
    table = ",".join(
        f"{element}:{content_hash(own, ELEMENT_DIGITS)}"
        for element, own in sorted(by_element.items())
    )
    return f"{prefix}-{content_hash(dict(settings), SETTINGS_DIGITS)}[{table}]"


def restricted(level: str, elements: Collection[str]) -> str:
    """The level as crystals of some of its elements have it; other levels are what they are.

    Args:
        level: Name of a level.
        elements: Symbols.
    """
    found = _BY_ELEMENT.fullmatch(level)
    if found is None:
        return level
    table = [one for one in found["elements"].split(",") if one.partition(":")[0] in set(elements)]
    return f"{found['settings']}[{','.join(table)}]"


def settings_of(level: str) -> str | None:
    """What stands before the bracket; None for a level that names no elements."""
    found = _BY_ELEMENT.fullmatch(level)
    return None if found is None else found["settings"]
