"""Handlers of the motion of ions and cell: steps, time, BFGS, cell factor, final scf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from typing_extensions import override

from dft_inputs.qe import files
from dft_inputs.qe.geometry import last_geometry
from dft_inputs.qe.handlers.base import Changes, PwAttempt, PwHandler
from dft_inputs.qe.handlers.electronic import DEFAULT_MIXING_BETA
from dft_inputs.qe.pw_input import PwInput

DEFAULT_TRUST_RADIUS = 0.5
DEFAULT_CELL_FACTOR = 2.0


class StepsHandler(PwHandler):
    """The ionic steps were used up: go on from the last geometry."""

    error = "ionic_steps_exhausted"
    continues = True

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether nstep was reached."""
        return attempt.stdout.steps_exhausted and not attempt.stdout.scf_not_converged

    @override
    def cure(self, attempt: PwAttempt) -> Changes | None:
        """A fresh start of BFGS at the last geometry."""
        return {"control": {"restart_mode": "from_scratch"}}


class WalltimeHandler(PwHandler):
    """pw.x stopped itself before its time was over: go on from where it was."""

    error = "walltime"
    continues = True

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether max_seconds was reached."""
        return attempt.stdout.time_exceeded

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """From the last geometry if there is one, else from the saved scf."""
        moved = last_geometry(attempt.directory) is not None
        return {"control": {"restart_mode": "from_scratch" if moved else "restart"}}


class BfgsHandler(PwHandler):
    """BFGS lost its history: a smaller trust radius, then damped dynamics.

    A crystal of few symmetries may sit on a saddle: it is rattled once.
    """

    error = "bfgs_failed"
    continues = True
    rattle_angstrom = 0.01
    few_symmetries = 4

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether BFGS gave up before its thresholds were met."""
        # pw.x goes on as if it had converged then: it prints final coordinates all the same.
        return attempt.stdout.bfgs_failed

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """The next rung of the ladder."""
        if self.n_applied_corrections == 0:
            radius = float(attempt.pw_input.get("ions", "trust_radius_ini", DEFAULT_TRUST_RADIUS))
            return {"ions": {"trust_radius_ini": radius * 0.1, "trust_radius_min": 1e-4}}
        if attempt.pw_input.get("ions", "ion_dynamics", "bfgs") == "damp":
            return None
        changes = {"ions": {"ion_dynamics": "damp", "trust_radius_ini": None}}
        if attempt.pw_input.get("control", "calculation") == "vc-relax":
            changes["cell"] = {"cell_dynamics": "damp-w"}
        return changes

    def correct(self, directory: str = "./") -> dict[str, Any]:
        """Correct as every handler does, and rattle at the first time."""
        correction = super().correct(directory)
        if self.n_applied_corrections == 0 and self._rattle(Path(directory)):
            correction["actions"].append({"geometry": f"rattled by {self.rattle_angstrom} A"})
        return correction

    def _rattle(self, directory: Path) -> bool:
        pw_input = PwInput.from_directory(directory)
        structure = pw_input.structure
        operations = SpacegroupAnalyzer(structure, symprec=1e-3).get_symmetry_operations()
        if len(operations) > self.few_symmetries:
            return False
        step = np.random.default_rng(0).normal(size=(len(structure), 3))
        step *= self.rattle_angstrom / np.linalg.norm(step, axis=1, keepdims=True)
        moved = structure.frac_coords + structure.lattice.get_fractional_coords(step)
        pw_input.set_geometry(structure.lattice.matrix, moved)
        pw_input.write_file(directory / files.INPUT)
        return True


class CellFactorHandler(PwHandler):
    """The cell outgrew the tables made at the start: make them larger, from scratch."""

    error = "cell_factor_too_small"

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether pw.x asks for a larger cell_factor."""
        return "cell_factor" in (attempt.stdout.error_message or "")

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """Twice the factor."""
        factor = float(attempt.pw_input.get("cell", "cell_factor", DEFAULT_CELL_FACTOR))
        return {"cell": {"cell_factor": max(2 * factor, DEFAULT_CELL_FACTOR)}}


class FinalScfHandler(PwHandler):
    """The relaxation ended well, its final scf did not: only that is run again."""

    error = "final_scf_not_converged"
    continues = True

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether the scf failed after BFGS had converged and printed its final coordinates."""
        stdout = attempt.stdout
        finished = stdout.relaxation_finished and not stdout.bfgs_failed
        return stdout.scf_not_converged and finished

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """An scf at the final geometry, mixed less."""
        beta = float(attempt.pw_input.get("electrons", "mixing_beta", DEFAULT_MIXING_BETA))
        return {
            "control": {"calculation": "scf"},
            "electrons": {"mixing_beta": round(beta * 0.8, 4)},
        }
