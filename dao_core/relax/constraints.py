"""What may not change in a relaxation: symmetry, the cell, held atoms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pymatgen.core import Structure
from torch import Tensor

from dao_core.errors import InputError
from dao_core.relax.settings import RelaxSettings
from dao_core.relax.symmetry import Symmetry, symmetrised_start

SELECTIVE_DYNAMICS = "selective_dynamics"
"""pymatgen's site property, as POSCAR files have it: three booleans per atom, True if it moves."""


@dataclass(frozen=True)
class Constraint:
    """The constraints of one crystal, imposed on every gradient.

    Attributes:
        symmetry: operations to keep, or None.
        moves: ``[n]`` bool, False for atoms held in their fractional coordinates; None if all move.
        fix_cell: whether the cell stays as it is.
        normal: ``[3]`` unit vector along which the cell keeps its height, or None.
    """

    symmetry: Symmetry | None = None
    moves: Tensor | None = None
    fix_cell: bool = False
    normal: Tensor | None = None

    def project(self, forces: Tensor, stress: Tensor) -> tuple[Tensor, Tensor]:
        """Forces ``[n, 3]`` and stress ``[3, 3]`` without what would break a constraint."""
        if self.symmetry is not None:
            forces = self.symmetry.project_vectors(forces)
            stress = self.symmetry.project_tensor(stress)
        if self.moves is not None:
            forces = forces * self.moves[:, None]
        if self.normal is not None:
            within = torch.eye(3).to(stress) - torch.outer(self.normal, self.normal).to(stress)
            stress = within @ stress @ within
        return forces, torch.zeros_like(stress) if self.fix_cell else stress


def constrained_start(
    structure: Structure, settings: RelaxSettings
) -> tuple[Structure, Constraint | None]:
    """The structure to start from and its constraints, None where it is free.

    Atoms whose ``selective_dynamics`` are three times False are held.

    Raises:
        InputError: an atom may move along some axes only, symmetry is to be kept with atoms
            held, or there is no symmetry that could be kept.
    """
    moves, symmetry = _moving(structure), None
    if settings.fix_symmetry:
        if moves is not None:
            raise InputError("atoms cannot be held while the symmetry is kept; choose one")
        structure, symmetry = symmetrised_start(structure)
    normal = _normal(structure) if settings.fix_height else None
    if symmetry is None and moves is None and normal is None and not settings.fix_cell:
        return structure, None
    return structure, Constraint(symmetry, moves, settings.fix_cell, normal)


def _normal(structure: Structure) -> Tensor:
    """Unit vector perpendicular to the first two lattice vectors ``[3]``."""
    a, b, _ = structure.lattice.matrix
    normal = torch.linalg.cross(torch.tensor(a), torch.tensor(b))
    return normal / normal.norm()


def _moving(structure: Structure) -> Tensor | None:
    flags = structure.site_properties.get(SELECTIVE_DYNAMICS)
    if flags is None or all(flag is None or all(flag) for flag in flags):
        return None
    if any(flag is not None and any(flag) and not all(flag) for flag in flags):
        raise InputError("an atom moves in all directions or in none; selective dynamics has both")
    return torch.tensor([flag is None or all(flag) for flag in flags])
