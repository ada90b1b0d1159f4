"""Whether k-points that VASP read are those that were written for it."""

from __future__ import annotations

from typing import Any

from pymatgen.io.vasp import Kpoints

MESHES, LISTS = frozenset({"Gamma", "Monkhorst"}), frozenset({"Reciprocal"})
"""Kinds of KPOINTS that are compared."""
KPOINT_DIGITS = 6


def mesh_difference(written: Kpoints | None, read: Kpoints | None) -> str | None:
    """How the k-points of an output differ from those of KPOINTS.

    Args:
        written: KPOINTS; meshes and lists in reciprocal coordinates are compared.
        read: As vasprun.xml repeats them.

    Returns:
        What was asked for and what the output has; None where they agree or cannot be compared.
    """
    if written is None or read is None or written.style.name not in MESHES | LISTS:
        return None
    if (written.num_kpts == 0) != (written.style.name in MESHES):
        return None
    wanted, found = _points(written), _points(read)
    return None if wanted == found else f"k-points {wanted} were asked for, the output has {found}"


def _points(kpoints: Kpoints) -> tuple[Any, ...]:
    """Mesh and shift, or the points themselves."""
    rows = tuple(tuple(round(float(x), KPOINT_DIGITS) for x in row) for row in kpoints.kpts)
    if kpoints.num_kpts:
        return rows
    even = any(n % 2 == 0 for n in rows[0])  # else both kinds are the same points
    shift = tuple(round(float(x), KPOINT_DIGITS) for x in kpoints.kpts_shift)
    return (*rows[0], shift, kpoints.style.name if even else "Gamma")
