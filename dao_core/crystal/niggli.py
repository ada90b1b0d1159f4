"""The one choice of cell on which networks are trained and asked: the Niggli primitive cell.

Crysformer is invariant to rotation, translation and permutation but not to the choice of cell, so
every crystal is brought to a canonical cell before it becomes a tensor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import spglib
from numpy.typing import NDArray

from dao_core.errors import InputError

SYMPREC = 1e-3
"""Angstrom, within which atoms count as equivalent in the search for the primitive cell."""


def niggli_primitive(
    atomic_numbers: NDArray[np.int64],
    frac_coords: NDArray[np.float64],
    lattice: NDArray[np.float64],
    symprec: float = SYMPREC,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Reduce to the primitive cell, then to its Niggli form (right-handed).

    Args:
        atomic_numbers: ``[N]``.
        frac_coords: ``[N, 3]``.
        lattice: ``[3, 3]`` rows, angstrom.
        symprec: tolerance of the primitive-cell search, angstrom.

    Returns:
        ``(atomic_numbers [M], frac_coords [M, 3], lattice [3, 3])`` with ``M <= N``.

    Raises:
        InputError: the lattice is degenerate, so that no reduction exists.
    """
    cell: Any = (lattice, frac_coords, atomic_numbers)  # spglib's hints want sequences
    # spglib answers None or raises, by a process-wide switch that other packages set
    try:
        primitive = spglib.find_primitive(cell, symprec=symprec)
        if primitive is not None:
            lattice, frac_coords, atomic_numbers = (np.asarray(part) for part in primitive)
        reduced = spglib.niggli_reduce(lattice)
    except spglib.SpglibError as error:
        raise InputError(f"the crystal has no primitive cell: {error}") from error
    if reduced is None:
        raise InputError("the lattice has no Niggli form; check that its vectors span a volume")
    cart_coords = frac_coords @ lattice
    if np.linalg.det(reduced) < 0:
        reduced = -reduced
    frac_coords = np.linalg.solve(reduced.T, cart_coords.T).T % 1.0
    return np.asarray(atomic_numbers, dtype=np.int64), frac_coords, reduced
