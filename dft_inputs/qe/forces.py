"""Forces of pw.x as a function of a crystal, for phonons and for comparison with models."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from dft_inputs.errors import ContradictoryOutputError
from dft_inputs.qe.run import run_pw
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator


@dataclass(frozen=True)
class PwForces:
    """Computes the forces of crystals by static runs of pw.x.

    Attributes:
        generator: Makes the inputs.
        command: Command that runs pw.x; None for the default.
        root: Folder of the runs, each kept in a folder of its own; None to keep none.
    """

    generator: PwInputGenerator
    command: str | None = None
    root: Path | None = None

    def __call__(self, structure: Structure) -> np.ndarray:
        """Forces of a crystal.

        Args:
            structure: Crystal.

        Returns:
            ``[n, 3]`` eV/angstrom.

        Raises:
            CalculationError: If the run fails.
        """
        if self.root is not None:
            self.root.mkdir(parents=True, exist_ok=True)
            return self._run(structure, Path(tempfile.mkdtemp(prefix="forces-", dir=self.root)))
        with tempfile.TemporaryDirectory(prefix="dao-forces-") as folder:
            return self._run(structure, Path(folder))

    def _run(self, structure: Structure, folder: Path) -> np.ndarray:
        input_set = self.generator.get_input_set(structure, self.command)
        input_set.write_input(folder)
        run_pw(command=self.command, directory=folder)
        task = PwTaskDoc.from_directory(folder, input_set.level, task_label="forces")
        if task.forces is None:
            raise ContradictoryOutputError("The static run has no forces.")
        return np.array(task.forces)
