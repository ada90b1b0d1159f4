"""What every potential offers: energies, forces and stresses of a whole batch in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from pymatgen.core import Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.vacuum import vacuum_of

VASP_PBE_FLOOR = -16.0
"""eV/atom that no crystal reaches by PBE in VASP: tungsten and rhenium come to -13, gadolinium and
plutonium to -14, compounds stay above these. What falls below fell into a hole of a potential."""


@dataclass(frozen=True)
class Domain:
    """What a potential was made for; beyond it results are flagged, not refused.

    Attributes:
        max_atoms: largest cell seen in training, or None if cells of any size are equal to it.
        elements: symbols of the elements it knows, or None for all.
        max_pressure: highest pressure at which it is fit, GPa, or None if not known.
        bulk_only: whether it has learned from perfect crystals without surfaces alone.
        min_distance: shortest distance that it is asked about, over the sum of covalent radii;
            relaxed crystals stay above 0.6, candidates worth relaxing above 0.5.
        lowest_energy: eV/atom below which no crystal lies on its scale, or None if not known.
    """

    max_atoms: int | None = None
    elements: frozenset[str] | None = None
    max_pressure: float | None = None
    bulk_only: bool = False
    min_distance: float = 0.4
    lowest_energy: float | None = None

    def objection(self, structure: Structure, pressure: float = 0.0) -> str | None:
        """Why ``structure`` at ``pressure`` (GPa) lies outside this domain, or None."""
        if self.max_atoms is not None and len(structure) > self.max_atoms:
            return f"{len(structure)} atoms, made for at most {self.max_atoms}"
        if self.elements is not None:
            unknown = {element.symbol for element in structure.elements} - self.elements
            if unknown:
                return f"not made for {', '.join(sorted(unknown))}"
        if self.max_pressure is not None and abs(pressure) > self.max_pressure:
            return f"{pressure:g} GPa, made for at most {self.max_pressure:g} GPa"
        vacuum = vacuum_of(structure) if self.bulk_only and len(structure) else None
        return (
            None if vacuum is None else f"{vacuum:.0f} angstrom of vacuum, made for bulk crystals"
        )

    @property
    def objection_to_defects(self) -> str | None:
        """Why a crystal with a point defect lies outside this domain, or None."""
        return "a point defect, made for perfect crystals" if self.bulk_only else None


@dataclass(frozen=True)
class Evaluation:
    """Energies and their derivatives for a :class:`CrystalBatch`.

    A crystal that cannot be evaluated has NaN in its rows and its reason in ``errors``; it never
    changes the rows of its neighbours.

    Attributes:
        energy: ``[B]`` eV per cell.
        forces: ``[B, N, 3]`` eV/angstrom, zero where padded.
        stress: ``[B, 3, 3]`` eV/angstrom^3, dE/dstrain / V: negative on the diagonal when the
            crystal is compressed (ASE's sign).
        energy_std: ``[B]`` eV/atom, the potential's own uncertainty, or None if it has none.
        errors: row of the batch -> why that crystal could not be evaluated.
    """

    energy: Tensor
    forces: Tensor
    stress: Tensor
    energy_std: Tensor | None = None
    errors: Mapping[int, str] = field(default_factory=dict)


class Potential(Protocol):
    """An interatomic potential with one energy level."""

    @property
    def level(self) -> str:
        """Name of the energy level, for example ``chgnet-0.3.0``; levels never mix in one hull."""
        ...

    @property
    def domain(self) -> Domain:
        """What the potential was made for."""
        ...

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies, forces and stresses of ``batch``, each crystal independent of the others."""
        ...


@runtime_checkable
class EnergyAlone(Protocol):
    """A potential that can leave forces and stresses out, at a fraction of the price."""

    def energies(self, batch: CrystalBatch) -> Tensor:
        """Energies of ``batch``, ``[B]`` eV per cell, NaN for what cannot be evaluated."""
        ...


def energies_of(potential: Potential, batch: CrystalBatch) -> Tensor:
    """Energies of ``batch``, ``[B]`` eV per cell, NaN for what cannot be evaluated.

    Without derivatives where the potential can do without.
    """
    if isinstance(potential, EnergyAlone):
        return potential.energies(batch)
    return potential.evaluate(batch).energy.detach()


def assemble(
    batch: CrystalBatch,
    rows: Mapping[int, tuple[Tensor, Tensor, Tensor]],
    errors: Mapping[int, str],
) -> Evaluation:
    """Collect results obtained crystal by crystal into one :class:`Evaluation`.

    Args:
        batch: the crystals that were evaluated.
        rows: row -> (energy ``[]`` eV, forces ``[n, 3]`` eV/angstrom, stress ``[3, 3]``
            eV/angstrom^3); rows that are absent become NaN.
        errors: row -> why it is absent.
    """
    n_crystals, width = batch.mask.shape
    energy = torch.full((n_crystals,), torch.nan, dtype=torch.float64)
    forces = torch.full((n_crystals, width, 3), torch.nan, dtype=torch.float64)
    forces[~batch.mask.cpu()] = 0.0
    stress = torch.full((n_crystals, 3, 3), torch.nan, dtype=torch.float64)
    for row, (cell_energy, cell_forces, cell_stress) in rows.items():
        energy[row] = cell_energy
        forces[row, : len(cell_forces)] = cell_forces.to(forces)
        stress[row] = cell_stress.to(stress)
    return Evaluation(energy, forces, stress, errors=dict(errors))


def structures_or_errors(batch: CrystalBatch) -> tuple[dict[int, Structure], dict[int, str]]:
    """The crystals of ``batch`` as pymatgen structures, and why some rows are none.

    Returns:
        Row -> structure for the finite rows with a volume; row -> reason for the others.
    """
    finite = torch.isfinite(batch.frac_coords).flatten(1).all(dim=1)
    finite &= torch.isfinite(batch.lattice).flatten(1).all(dim=1)
    usable = (finite & (batch.volume > 1e-3)).tolist()
    good: Sequence[int] = [row for row, ok in enumerate(usable) if ok]
    structures = batch.select(good).to_structures() if good else []
    errors = {
        row: "its cell has no volume or a coordinate is not finite"
        for row, ok in enumerate(usable)
        if not ok
    }
    return dict(zip(good, structures, strict=True)), errors
