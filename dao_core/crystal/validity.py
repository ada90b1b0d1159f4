"""Validity: whether a structure is physically possible at all, and if not, one word why."""

from __future__ import annotations

import numpy as np
from ase.data import covalent_radii
from pymatgen.core import Composition, Structure

MIN_DISTANCE_FACTOR = 0.5
"""Shortest distance over the sum of covalent radii (Cordero 2008, as in ASE). The smallest value
among 11 000 relaxed structures of MP-20, MPTS-52, WBM and Alexandria is 0.62."""
MIN_VOLUME_FACTOR = 0.4
"""Cell volume over the volume of the covalent spheres: at least 0.77 among the same structures at
no pressure; half of that leaves room for a few hundred GPa."""
MAX_VOLUME_FACTOR = 30.0
"""The same ratio: at most 26.2 among the same structures, solid helium excepted."""
MIN_CELL_VOLUME = 0.1
"""Cubic angstrom, the customary floor of the field's validity metric (CDVAE, Xie 2022)."""

REASONS = (
    "no_atoms",
    "disordered",
    "not_finite",
    "unknown_element",
    "wrong_composition",
    "volume_too_small",
    "volume_too_large",
    "too_close",
)
"""Every word that :func:`invalid_reason` can return, in the order in which it looks."""


def invalid_reason(
    structure: Structure,
    *,
    composition: Composition | None = None,
    min_distance_factor: float = MIN_DISTANCE_FACTOR,
    min_volume_factor: float = MIN_VOLUME_FACTOR,
    max_volume_factor: float = MAX_VOLUME_FACTOR,
) -> str | None:
    """Why a structure is not worth relaxing, or None if it is. Never raises for a bad structure.

    Args:
        structure: any pymatgen structure.
        composition: if given, the reduced composition that the structure must have.
        min_distance_factor: see :data:`MIN_DISTANCE_FACTOR`.
        min_volume_factor: see :data:`MIN_VOLUME_FACTOR`.
        max_volume_factor: see :data:`MAX_VOLUME_FACTOR`.

    Returns:
        One of :data:`REASONS`, or None.
    """
    reason = _unreadable_reason(structure)
    if reason:
        return reason
    if composition is not None and not _same_stoichiometry(structure.composition, composition):
        return "wrong_composition"
    radii = covalent_radii[np.array(structure.atomic_numbers)]
    volume_factor = structure.volume / float((4 / 3 * np.pi * radii**3).sum())
    if structure.volume < MIN_CELL_VOLUME or volume_factor < min_volume_factor:
        return "volume_too_small"
    if volume_factor > max_volume_factor:
        return "volume_too_large"
    if smallest_distance_factor(structure, stop_below=min_distance_factor) < min_distance_factor:
        return "too_close"
    return None


def smallest_distance_factor(structure: Structure, *, stop_below: float) -> float:
    """Smallest interatomic distance over the sum of the two covalent radii, images included.

    Args:
        structure: an ordered crystal with finite coordinates.
        stop_below: values at or above this are not resolved: the search radius covers no more.

    Returns:
        The ratio, or infinity where no pair lies within the search radius.
    """
    reduced = structure.get_reduced_structure("LLL")
    radii = covalent_radii[np.array(reduced.atomic_numbers)]
    if min(reduced.lattice.abc) < stop_below * 2 * radii.min():
        return float(min(reduced.lattice.abc) / (2 * radii.min()))
    cutoff = float(stop_below * 2 * radii.max())
    # pymatgen drops pairs closer than numerical_tol as the atom itself: atoms on one point count.
    centers, points, images, distances = reduced.get_neighbor_list(cutoff, exclude_self=False)
    itself = (centers == points) & (images == 0).all(axis=1)
    ratios = (distances / (radii[centers] + radii[points]))[~itself]
    return float(ratios.min()) if ratios.size else float("inf")


def _unreadable_reason(structure: Structure) -> str | None:
    """The reasons for which nothing else can be looked at."""
    if len(structure) == 0:
        return "no_atoms"
    if not structure.is_ordered:
        return "disordered"
    if not (
        np.isfinite(structure.frac_coords).all() and np.isfinite(structure.lattice.matrix).all()
    ):
        return "not_finite"
    if any(not 1 <= number < len(covalent_radii) for number in structure.atomic_numbers):
        return "unknown_element"
    return None


def _same_stoichiometry(found: Composition, wanted: Composition) -> bool:
    """Whether two compositions have the same reduced formula, oxidation states aside."""
    return found.element_composition.reduced_composition.almost_equals(
        wanted.element_composition.reduced_composition
    )
