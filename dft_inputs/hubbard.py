"""Hubbard U values and how they are written, by version of Quantum ESPRESSO."""

from __future__ import annotations

from collections.abc import Collection, Iterable

U_VALUES: dict[str, tuple[str, float]] = {
    "Co": ("3d", 3.32),
    "Cr": ("3d", 3.7),
    "Fe": ("3d", 5.3),
    "Mn": ("3d", 3.9),
    "Mo": ("4d", 4.38),
    "Ni": ("3d", 6.2),
    "V": ("3d", 3.25),
    "W": ("5d", 6.2),
}
"""Manifold and U in eV for oxides and fluorides (Wang, Maxisch and Ceder, PRB 73, 195107 (2006),
as the Materials Project uses them)."""

FIRST_VERSION_WITH_CARD = (7, 1)
"""From 7.1 on U stands in a card HUBBARD; before, in the namelist SYSTEM."""


def hubbard_u(elements: Collection[str]) -> dict[str, tuple[str, float]]:
    """U of each element that has one in the table.

    The table applies to an element in *every* crystal, not only in its oxides: energies with and
    without U for one element cannot stand in one hull.

    Args:
        elements: Element symbols.

    Returns:
        Manifold and U (eV) by element symbol; empty when none applies.
    """
    return {element: U_VALUES[element] for element in sorted(U_VALUES.keys() & set(elements))}


def namelist_entries(
    species: Iterable[tuple[str, str]], values: dict[str, tuple[str, float]]
) -> dict[str, object]:
    """Entries of the namelist SYSTEM for versions before 7.1.

    Args:
        species: Label and element of each atomic type, in the order of ATOMIC_SPECIES.
        values: Manifold and U (eV) by element.

    Returns:
        ``lda_plus_u`` and one ``Hubbard_U(i)`` per type that has one.
    """
    entries: dict[str, object] = {"lda_plus_u": True}
    for index, (_, element) in enumerate(species, start=1):
        if element in values:
            entries[f"Hubbard_U({index})"] = values[element][1]
    return entries


def card_lines(
    species: Iterable[tuple[str, str]], values: dict[str, tuple[str, float]]
) -> list[str]:
    """Lines of the card HUBBARD for versions from 7.1 on.

    Args:
        species: Label and element of each atomic type, in the order of ATOMIC_SPECIES.
        values: Manifold and U (eV) by element.

    Returns:
        The card, its title first.
    """
    lines = ["HUBBARD (ortho-atomic)"]
    for label, element in species:
        if element in values:
            manifold, u = values[element]
            lines.append(f"U {label}-{manifold} {u}")
    return lines
