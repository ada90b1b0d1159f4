"""DAO-P as an ASE calculator: the batched potential, asked for one crystal."""

from __future__ import annotations

from typing import Any

import torch
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import DomainError
from dao_core.potentials.base import Potential
from dao_core.predictor.potential import load_predictor


class DaoCalculator(Calculator):
    """Energy (eV), forces (eV/angstrom) and stress (eV/angstrom^3, ASE's sign) of periodic atoms.

    Args:
        potential: any potential of ours; default, the shipped DAO-P.
    """

    def __init__(self, potential: Potential | None = None) -> None:
        super().__init__()
        self.implemented_properties = ["energy", "free_energy", "forces", "stress"]
        self.potential = potential or load_predictor()

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Fill ``self.results`` (see ASE's ``Calculator.calculate``).

        Raises:
            DomainError: the atoms are not periodic in all directions, or cannot be evaluated.
        """
        super().calculate(atoms, properties, system_changes)
        crystal: Any = self.atoms
        if not crystal.pbc.all():
            raise DomainError("DAO-P is made for crystals: set atoms.pbc = True and a cell")
        evaluation = self.potential.evaluate(_as_batch(crystal))
        if evaluation.errors:
            raise DomainError(f"{crystal.symbols}: {evaluation.errors[0]}")
        energy = float(evaluation.energy[0])
        results: dict[str, Any] = {
            "energy": energy,
            "free_energy": energy,
            "forces": evaluation.forces[0].numpy(),
            "stress": full_3x3_to_voigt_6_stress(evaluation.stress[0].numpy()),
        }
        self.results = results


def _as_batch(atoms: Atoms) -> CrystalBatch:
    numbers = torch.as_tensor(atoms.numbers)[None]
    return CrystalBatch(
        numbers,
        torch.as_tensor(atoms.get_scaled_positions(wrap=False))[None],
        torch.as_tensor(atoms.cell.array)[None],
        numbers > 0,
    )
