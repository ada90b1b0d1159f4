"""A calculation that was made elsewhere, as its output says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.errors import CalculationError

SPARSE_MESH = 0.6
"""1/angstrom: meshes of k-points with larger gaps make energies that are not comparable."""
WIDE_SMEARING = 0.4
"""eV: a wider smearing changes energies, a narrower one is no matter of the level."""


class NoLabelError(CalculationError):
    """A run is whole, but no label can be made of it.

    Args:
        reason: Short stable word.
        message: Details.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class OtherRunError(NoLabelError):
    """The file is no self-consistent calculation of this kind at all, and no fault of anybody."""


@dataclass(frozen=True)
class FinishedRun:
    """The last configuration of a calculation.

    Attributes:
        structure: The crystal.
        energy: eV per cell.
        forces: ``[n, 3]`` eV/angstrom.
        stress: ``[3, 3]`` eV/angstrom^3, sign of dE/dstrain.
        level: Name of its level of theory, see :mod:`dao_core.level_names`.
        properties: Further facts worth keeping.
    """

    structure: Structure
    energy: float
    forces: list[list[float]] | None
    stress: list[list[float]] | None
    level: str
    properties: dict[str, Any] = field(default_factory=dict)


def mesh_class(structure: Structure, mesh: tuple[int, ...] | None) -> str:
    """Whether a mesh of k-points is dense enough for energies that can be compared.

    Args:
        structure: The crystal.
        mesh: Points along each reciprocal lattice vector; None for a list of points.

    Returns:
        ``dense``, ``listed``, or the sparse mesh itself.
    """
    if mesh is None:
        return "listed"
    gaps = np.array(structure.lattice.reciprocal_lattice.abc) / np.maximum(mesh[:3], 1)
    return "dense" if gaps.max() <= SPARSE_MESH else "x".join(map(str, mesh[:3]))


def smearing_class(kind: str, width: float) -> str | None:
    """The smearing where it is so wide (eV) that it belongs to the level, else None."""
    return f"{kind} {width:.3f}" if width > WIDE_SMEARING else None
