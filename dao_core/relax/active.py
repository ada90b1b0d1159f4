"""The crystals that are relaxing at this moment, as one set of padded tensors.

Shape notation: ``A`` active crystals, ``N`` atoms of the largest, ``M`` remembered steps. The
variables of a crystal are ``3 + N`` rows of three numbers in angstrom: first the log strain U
times ``strain_length``, then the atoms' displacements z - z0 in the reference cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.relax.lbfgs import MEMORY
from dao_core.relax.strain import deformation, strain_gradient

MAX_SKEWNESS = 4.0
"""|a||b||c| / V above which a cell is reduced again; reduced cells stay below 2."""

STRAIN_SCALE = 0.5
"""Strain length over sqrt(n) and neighbour distance: with it cells are about as stiff as atoms.
Between 0.4 and 0.6 the evaluations needed with DAO-P and CHGNet are fewest, a quarter fewer than
at 1 or 0.2."""

_ATOMS_AXIS = {
    "atomic_numbers": 1,
    "reference_coords": 1,
    "position": 1,
    "gradient": 1,
    "direction": 1,
    "steps_taken": 2,
    "gradient_changes": 2,
}
"""Fields that are padded and trimmed with the number of atoms, and the axis to do it on."""


@dataclass
class ActiveCrystals:
    """State of a batch of relaxations; rows never depend on each other.

    Attributes:
        index: ``[A]`` position in the list of input structures.
        atomic_numbers: ``[A, N]``, 0 where padded.
        reference_coords: ``[A, N, 3]`` fractional coordinates at zero displacement.
        reference_lattice: ``[A, 3, 3]`` lattice at zero strain, angstrom.
        strain_length: ``[A]`` angstrom per unit of strain, see :func:`enter`.
        position: ``[A, 3 + N, 3]`` the last accepted variables.
        gradient: ``[A, 3 + N, 3]`` dH/dvariables there, eV/angstrom.
        direction: ``[A, 3 + N, 3]`` where the next trial lies, angstrom.
        steps_taken: ``[A, M, 3 + N, 3]`` accepted steps, oldest first.
        gradient_changes: ``[A, M, 3 + N, 3]``.
        inverse_curvatures: ``[A, M]``, 0 where there is no pair.
        step_length: ``[A]`` fraction of ``direction`` to try.
        slope: ``[A]`` derivative of the enthalpy along ``direction``, eV.
        enthalpy: ``[A]`` eV, infinite before the first evaluation.
        energy, first_energy: ``[A]`` eV, NaN before the first evaluation.
        energy_std: ``[A]`` eV/atom.
        max_force: ``[A]`` eV/angstrom.
        max_stress: ``[A]`` eV/angstrom^3.
        initial_volume: ``[A]`` cubic angstrom.
        steps: ``[A]`` evaluations after the first.
        rejections: ``[A]`` trials rejected since the last accepted one.
    """

    index: Tensor
    atomic_numbers: Tensor
    reference_coords: Tensor
    reference_lattice: Tensor
    strain_length: Tensor
    position: Tensor
    gradient: Tensor
    direction: Tensor
    steps_taken: Tensor
    gradient_changes: Tensor
    inverse_curvatures: Tensor
    step_length: Tensor
    slope: Tensor
    enthalpy: Tensor
    energy: Tensor
    first_energy: Tensor
    energy_std: Tensor
    max_force: Tensor
    max_stress: Tensor
    initial_volume: Tensor
    steps: Tensor
    rejections: Tensor

    def __len__(self) -> int:
        """Number of active crystals, ``A``."""
        return len(self.index)

    @property
    def natoms(self) -> Tensor:
        """``[A]`` atoms per crystal."""
        return (self.atomic_numbers > 0).sum(dim=1)

    @property
    def trial(self) -> Tensor:
        """``[A, 3 + N, 3]`` the variables to evaluate next."""
        return self.position + self.step_length[:, None, None] * self.direction

    def strain(self, variables: Tensor) -> Tensor:
        """``[A, 3, 3]`` the log strain U in ``variables``."""
        return variables[:, :3] / self.strain_length[:, None, None]

    def crystals(self, variables: Tensor) -> CrystalBatch:
        """The geometry that ``variables`` describe."""
        displacement = torch.linalg.solve(self.reference_lattice, variables[:, 3:], left=False)
        return CrystalBatch(
            self.atomic_numbers,
            self.reference_coords + displacement,
            self.reference_lattice @ deformation(self.strain(variables)),
            self.atomic_numbers > 0,
        )

    def variable_gradient(
        self, variables: Tensor, forces: Tensor, stress: Tensor, volume: Tensor
    ) -> Tensor:
        """dH/dvariables, ``[A, 3 + N, 3]`` eV/angstrom, from forces and stress (with pressure)."""
        strain = self.strain(variables)
        by_strain = strain_gradient(strain, stress, volume) / self.strain_length[:, None, None]
        return torch.cat([by_strain, -forces @ deformation(strain)], dim=1)

    def select(self, rows: Sequence[int]) -> ActiveCrystals:
        """The crystals at ``rows``, padding trimmed."""
        chosen = torch.as_tensor(rows, dtype=torch.int64)
        width = int(self.natoms[chosen].max()) if len(rows) else 0
        return self._with_width(width, chosen)

    def joined_by(self, others: ActiveCrystals) -> ActiveCrystals:
        """These crystals followed by ``others``."""
        width = max(self.atomic_numbers.shape[1], others.atomic_numbers.shape[1])
        first = self._with_width(width, torch.arange(len(self)))
        second = others._with_width(width, torch.arange(len(others)))
        return replace(
            first,
            **{
                item.name: torch.cat([getattr(first, item.name), getattr(second, item.name)])
                for item in fields(self)
            },
        )

    def _with_width(self, width: int, rows: Tensor) -> ActiveCrystals:
        change = width - self.atomic_numbers.shape[1]
        values = {}
        for item in fields(self):
            value = getattr(self, item.name)[rows]
            axis = _ATOMS_AXIS.get(item.name)
            if axis is not None and change:
                # A negative pad trims; pads are given from the last axis backwards.
                value = torch.nn.functional.pad(
                    value, [0, 0] * (value.dim() - 1 - axis) + [0, change]
                )
            values[item.name] = value
        return replace(self, **values)


def enter(structures: Mapping[int, Structure]) -> ActiveCrystals:
    """Crystals at their start, before any evaluation.

    The strain length is proportional to sqrt(n) and to the distance of neighbours. Then a cell and
    its supercells take the same path: the square of each variable's contribution, atoms' and
    strain's alike, grows with the number of atoms.

    Args:
        structures: position in the list of inputs -> usable structure.
    """
    crystals = CrystalBatch.from_structures(list(structures.values()), dtype=torch.float64)
    n_crystals, width = crystals.mask.shape
    variables = torch.zeros(n_crystals, 3 + width, 3, dtype=torch.float64)
    history = torch.zeros(n_crystals, MEMORY, 3 + width, 3, dtype=torch.float64)
    zero = torch.zeros(n_crystals, dtype=torch.float64)
    unknown = torch.full_like(zero, torch.nan)
    return ActiveCrystals(
        index=torch.tensor(list(structures), dtype=torch.int64),
        atomic_numbers=crystals.atomic_numbers,
        reference_coords=crystals.frac_coords,
        reference_lattice=crystals.lattice,
        strain_length=_strain_length(crystals),
        position=variables,
        gradient=variables,
        direction=variables,
        steps_taken=history,
        gradient_changes=history,
        inverse_curvatures=torch.zeros(n_crystals, MEMORY, dtype=torch.float64),
        step_length=zero,
        slope=zero,
        enthalpy=torch.full_like(zero, torch.inf),
        energy=unknown,
        first_energy=unknown,
        energy_std=unknown,
        max_force=unknown,
        max_stress=unknown,
        initial_volume=crystals.volume,
        steps=torch.zeros(n_crystals, dtype=torch.int64),
        rejections=torch.zeros(n_crystals, dtype=torch.int64),
    )


def reduce_sheared_cells(active: ActiveCrystals) -> ActiveCrystals:
    """Give crystals whose cell has sheared badly an LLL-reduced one, in which they start afresh.

    The crystal and its orientation stay the same; history and reference do not. Neighbour
    searches and networks with a bounded number of images need cells that are not needles.
    """
    batch = active.crystals(active.position)
    skewness = batch.lattice.norm(dim=2).prod(dim=1) / batch.volume
    for row in torch.nonzero(skewness > MAX_SKEWNESS).flatten().tolist():
        reduced = Lattice(batch.lattice[row].numpy()).lll_matrix
        change = batch.lattice[row] @ torch.linalg.inv(torch.tensor(reduced))
        integers = change.round()
        if integers.equal(torch.eye(3, dtype=torch.float64)):
            continue
        active.reference_lattice[row] = torch.linalg.solve(integers, batch.lattice[row])
        active.reference_coords[row] = batch.frac_coords[row] @ integers
        for variables in (active.position, active.direction, active.inverse_curvatures):
            variables[row] = 0.0
        active.enthalpy[row] = torch.inf
        active.rejections[row] = 0
    return active


def _strain_length(crystals: CrystalBatch) -> Tensor:
    spacing = (crystals.volume / crystals.natoms) ** (1 / 3)
    return STRAIN_SCALE * crystals.natoms.sqrt() * spacing
