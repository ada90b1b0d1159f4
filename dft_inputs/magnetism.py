"""Starting magnetic moments: open d and f shells start from high spin."""

from __future__ import annotations

from pymatgen.core import Element, Structure

HIGH_SPIN_MOMENT_D = 5.0
HIGH_SPIN_MOMENT_F = 7.0
"""Moments of half-filled d and f shells, Bohr magnetons (Hund's first rule)."""

_OPEN_MOLECULES = {"O": 1.0}
"""Oxygen is a triplet as an element; it is not open-shell as an oxide."""


def starting_moments(structure: Structure) -> list[float] | None:
    """Starting moments of a crystal, or None when it needs no spin.

    Moments that the structure brings along as the site property ``magmom`` are kept. Otherwise
    each transition metal with an open d shell (groups 3 to 11 without the closed-shell ends) and
    each lanthanoid or actinoid starts from high spin, everything else from a small moment that
    lets it polarise.

    Args:
        structure: Crystal.

    Returns:
        One moment per site in Bohr magnetons, or None.
    """
    given = structure.site_properties.get("magmom")
    if given is not None and any(moment for moment in given if moment):
        return [float(moment or 0.0) for moment in given]
    if structure.composition.elements == [Element("O")]:
        return [_OPEN_MOLECULES["O"]] * len(structure)
    moments = [_high_spin(Element(site.specie.symbol)) for site in structure]
    if not any(moments):
        return None
    return [moment or 0.1 for moment in moments]


def _high_spin(element: Element) -> float:
    if element.is_lanthanoid or element.is_actinoid:
        return HIGH_SPIN_MOMENT_F
    # Group 11 and 12 metals have full d shells in every common oxidation state but Cu(II), Ag(II),
    # whose small moments are reached from the induced one.
    if element.is_transition_metal and 3 < element.group <= 10:
        return HIGH_SPIN_MOMENT_D
    return 0.0
