"""pw.x as an ASE calculator, so that whatever takes a potential can be run at the level of DFT.

For example ``dao pressure A.cif B.cif --potential ase:dft_inputs.qe.calculator:fast``. Every
evaluation is an scf of its own; to relax one crystal, the makers of relaxations are quicker.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor
from typing_extensions import override

from dao_core.errors import InputError
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.errors import ContradictoryOutputError
from dft_inputs.qe.run import run_pw
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator


class PwCalculator(Calculator):
    """Energy, forces and stress by pw.x.

    Attributes:
        generator: Makes the inputs.
    """

    def __init__(self, generator: PwInputGenerator) -> None:
        super().__init__()
        self.implemented_properties = ["energy", "forces", "stress"]
        self.generator = generator

    @override
    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Run pw.x; eV, eV/angstrom, and eV/angstrom^3 with ASE's sign.

        Raises:
            InputError: If there are no atoms.
            CalculationError: If the run fails.
        """
        super().calculate(atoms, properties, system_changes)
        if self.atoms is None:
            raise InputError("There are no atoms to compute.")
        structure = AseAtomsAdaptor.get_structure(self.atoms)
        with tempfile.TemporaryDirectory(prefix="dao-pw-") as folder:
            task = self._run(structure, Path(folder))
        if task.energy is None or task.forces is None or task.stress is None:
            raise ContradictoryOutputError("The static run lacks energy, forces or stress.")
        stress = np.array(task.stress) / EV_PER_CUBIC_ANGSTROM_IN_GPA
        results: dict[str, Any] = {
            "energy": task.energy,
            "forces": np.array(task.forces),
            "stress": stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]],
        }
        self.results = results

    def _run(self, structure: Structure, folder: Path) -> PwTaskDoc:
        """Run pw.x once in a folder; cell and order of atoms are kept."""
        input_set = self.generator.get_input_set(structure)
        input_set.write_input(folder)
        run_pw(directory=folder)
        return PwTaskDoc.from_directory(folder, input_set.level, task_label="single point")


def fast() -> PwCalculator:
    """The protocol ``fast``; smeared, for metals and insulators stand in one comparison."""
    return _calculator("fast")


def balanced() -> PwCalculator:
    """The protocol ``balanced``, likewise."""
    return _calculator("balanced")


def _calculator(protocol: str) -> PwCalculator:
    return PwCalculator(PwInputGenerator(protocol=protocol, occupations="gaussian"))
