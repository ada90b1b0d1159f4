"""The name of a structure type: what everybody calls the crystals of one AFLOW label."""

from __future__ import annotations

import importlib
from functools import cache

_Signature = tuple[str, str, tuple[str, ...]]
_COMMON = {
    "Halite, Rock Salt": "rocksalt",
    "Zincblende, Sphalerite": "zincblende",
    "Copper": "fcc",
    "Magnesium": "hcp",
    "Tungsten": "bcc",
}
"""Where the library has another name than the one in daily use."""


def structure_type(label: str) -> str | None:
    """Name of the known structure type that an AFLOW label stands for.

    Labels differ by which element is called A; the name is looked up without that. Types that
    share a label (pyrite and solid CO2) are both named.

    Args:
        label: without the elements, e.g. ``AB_cF8_225_a_b``.

    Returns:
        For example ``Halite, Rock Salt``; the label itself where the library has the type without
        a name; None for a type that it does not have.
    """
    return _types().get(_signature(label))


@cache
def _types() -> dict[_Signature, str]:
    # The library takes a second to read; who names no type does not wait for it.
    library = importlib.import_module("pymatgen.analysis.prototypes").AFLOW_PROTOTYPE_LIBRARY
    names: dict[_Signature, list[str]] = {}
    for entry in library:
        tags = entry["tags"]
        label = str(tags["aflow"])
        name = tags["mineral"] or tags["strukturbericht"].replace("None", "") or label
        names.setdefault(_signature(label), []).append(name)
    return {signature: " or ".join(dict.fromkeys(found)) for signature, found in names.items()}


def _signature(label: str) -> _Signature:
    """Pearson symbol, space group and occupied orbits, whichever element is called A."""
    parts = label.split("_")
    if len(parts) < 4:
        return label, "", ()
    _, pearson, number, *orbits = parts
    return pearson, number, tuple(sorted(orbits))


def common_name(name: str) -> str:
    """What a structure type is called in one word, fit for a narrow column.

    Args:
        name: As :func:`structure_type` gives it.

    Returns:
        For example ``rocksalt`` for ``Halite, Rock Salt``, ``wurtzite`` for ``Wurtzite``; the first
        of several names; a label or symbol as it stands.
    """
    first = _COMMON.get(name) or name.partition(" or ")[0]
    is_word = first.isalpha() and first.istitle()
    return first.lower() if is_word else first
