"""Identity: the content hash of a crystal and the provenance hash of a candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.lattice import metric_parameters, shortest_bases
from dao_core.crystal.symmetry import standard_primitive
from dao_core.crystal.usable import unusable_reason
from dao_core.errors import InputError
from dao_core.hashing import content_id

SYMPREC = 0.01
"""Angstrom: displacements below this are snapped to the symmetric position before hashing."""
LENGTH_STEP = 0.01
"""Angstrom: grid of the lattice lengths."""
ANGLE_STEP = 0.2
"""Degrees: grid of the lattice angles; 60, 90 and 120 are far from its boundaries."""
COORDINATE_STEPS = 480
"""Grid points per lattice vector; every fraction k/24, k/16 and k/10 is a grid point."""


def structure_id(structure: Structure) -> str:
    """Content hash of a crystal: equal for exact repeats, however they are written down.

    The crystal is symmetrised at ``SYMPREC``, reduced to its primitive cell, described on every
    basis of shortest lattice vectors from every atom of its rarest element, rounded, and the
    smallest of these descriptions is hashed. The id does not depend on rotation, reflection,
    origin, order of atoms, choice of cell, or supercell.

    Limits: two crystals that differ by less than the grid (0.01 angstrom, 0.2 degrees, 1/480 of a
    lattice vector) usually share an id. Noise of size ``e`` angstrom changes the id with a
    probability of about ``e / 0.01`` per free parameter of the structure, because every rounding
    has boundaries; repeats with more noise than a float32 carries are found by
    :func:`dao_core.crystal.deduplication.deduplicate` instead. Mirror images share an id, as they
    share every energy.

    Returns:
        ``"s-"`` and 20 hexadecimal digits.

    Raises:
        InputError: the structure is empty, disordered, not finite, or without volume.
    """
    reason = unusable_reason(structure)
    if reason:
        raise InputError(f"no identity for {structure.formula or 'a structure'}: {reason}")
    return content_id("s", canonical_form(structure))


def candidate_id(provenance: Mapping[str, Any]) -> str:
    """Hash of where a candidate comes from: source, checkpoint, composition, seed, index.

    Args:
        provenance: a mapping of plain JSON values; the order of its keys does not matter.

    Returns:
        ``"c-"`` and 20 hexadecimal digits.

    Raises:
        InputError: a value is not plain JSON, or not a finite number.
    """
    try:
        return content_id("c", dict(provenance))
    except (TypeError, ValueError) as error:
        raise InputError(f"provenance {provenance!r} is not plain JSON: {error}") from error


def canonical_form(structure: Structure) -> dict[str, Any]:
    """The integers that are hashed: rounded metric and rounded sites of the reduced crystal."""
    reduced = standard_primitive(structure, SYMPREC).get_reduced_structure("LLL")
    numbers = np.array(reduced.atomic_numbers)
    bases, metric = _smallest_metrics(reduced.lattice.matrix)
    sites = min(
        _rounded_sites(numbers, reduced.frac_coords @ np.linalg.inv(basis), origin)
        for basis in bases
        for origin in _origins(numbers)
    )
    return {"metric": metric, "sites": [list(site) for site in sites]}


def _smallest_metrics(matrix: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The bases ``[M, 3, 3]`` whose rounded lengths and angles come first, and these numbers."""
    bases = shortest_bases(matrix)
    parameters = metric_parameters(bases @ matrix)
    # The shifts keep values that people type (4.215 angstrom, 92.3 degrees) off the boundaries.
    lengths = np.floor(parameters[:, :3] / LENGTH_STEP + 0.618)
    angles = np.floor(parameters[:, 3:] / ANGLE_STEP + 0.65)
    rounded = np.concatenate([lengths, angles], axis=1).astype(int)
    first = rounded[np.lexsort(rounded.T[::-1])[0]]
    return bases[(rounded == first).all(axis=1)], first.tolist()


def _origins(numbers: np.ndarray) -> np.ndarray:
    """Indices of the atoms of the rarest element (the lightest one, where several are rare)."""
    counts = Counter(numbers.tolist())
    rarest = min(counts, key=lambda number: (counts[number], number))
    return np.flatnonzero(numbers == rarest)


def _rounded_sites(
    numbers: np.ndarray, frac_coords: np.ndarray, origin: int
) -> tuple[tuple[int, ...], ...]:
    """Atomic number and grid coordinates of each site, seen from one atom, sorted."""
    shifted = (frac_coords - frac_coords[origin]) * COORDINATE_STEPS
    grid = np.rint(shifted).astype(int) % COORDINATE_STEPS
    return tuple(sorted(map(tuple, np.column_stack([numbers, grid]).tolist())))
