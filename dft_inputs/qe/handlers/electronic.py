"""Handlers of the electronic problem: the scf, the diagonalisation, the number of bands."""

from __future__ import annotations

import math
import re
from typing import Any

from dao_core.errors import CalculationError
from dft_inputs.qe import files
from dft_inputs.qe.handlers.base import Changes, PwAttempt, PwHandler
from dft_inputs.qe.schemas.band_structure import spin_bands
from dft_inputs.qe.schemas.failure import diagnose_stdout
from dft_inputs.qe.schemas.pw_xml import read_pw_xml

DEFAULT_MIXING_BETA = 0.7
DEFAULT_SCF_STEPS = 100
_DIAGONALISATION = re.compile(
    r"cholesky|S matrix not positive definite|too many bands are not converged"
    r"|eigenvectors failed to converge|diagonalization",
    re.IGNORECASE,
)


class ScfHandler(PwHandler):
    """The scf did not converge: mix less, then screen locally, then allow more steps."""

    error = "scf_not_converged"
    continues = True

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether the scf failed, other than the last one of a finished cell relaxation."""
        return attempt.stdout.scf_not_converged and not attempt.stdout.relaxation_finished

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """The next rung of the ladder."""
        beta = float(attempt.pw_input.get("electrons", "mixing_beta", DEFAULT_MIXING_BETA))
        if self.n_applied_corrections == 0:
            return {"electrons": {"mixing_beta": round(beta * 0.8, 4)}}
        if attempt.pw_input.get("electrons", "mixing_mode", "plain") != "local-TF":
            return {"electrons": {"mixing_mode": "local-TF"}}
        steps = int(attempt.pw_input.get("electrons", "electron_maxstep", DEFAULT_SCF_STEPS))
        more = max(2 * steps, DEFAULT_SCF_STEPS)
        return {"electrons": {"electron_maxstep": more, "mixing_beta": round(beta * 0.8, 4)}}


class DiagonalizationHandler(PwHandler):
    """The diagonalisation failed: another algorithm, each once."""

    error = "diagonalisation_failed"
    continues = True
    ladder = ("david", "cg", "paro")

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether the error message is one of the diagonalisation's."""
        return bool(_DIAGONALISATION.search(attempt.stdout.error_message or ""))

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """The next algorithm, or None after the last."""
        current = str(attempt.pw_input.get("electrons", "diagonalization", self.ladder[0]))
        current = "david" if current == "davidson" else current
        rung = self.ladder.index(current) + 1 if current in self.ladder else 1
        if rung == len(self.ladder):
            return None
        return {"electrons": {"diagonalization": self.ladder[rung]}}


class BandsHandler(PwHandler):
    """A run that succeeded with its highest band occupied had too few bands: add some.

    pw.x counts bands for paired electrons, too few for a strong magnet: the spin that holds more
    electrons sets how many are added, so that one more attempt is enough.
    """

    error = "highest_band_occupied"
    continues = True
    threshold = 0.005
    growth = 0.05
    least = 4
    spare = 0.2
    """Empty bands over filled ones, as pw.x takes them for metals."""

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether the run ended well and its highest band holds electrons."""
        if diagnose_stdout(attempt.stdout) is not None:
            return False
        try:
            bands = read_pw_xml(files.xml_path(attempt.directory))["output"]["band_structure"]
        except CalculationError:
            return False
        if bands.get("occupations_kind") == "fixed":
            return False
        return bool(spin_bands(bands)[1][:, :, -1].max() > self.threshold)

    def cure(self, attempt: PwAttempt) -> Changes | None:
        """Five per cent more bands, at least four, a fifth over those filled; the density stays."""
        bands = read_pw_xml(files.xml_path(attempt.directory))["output"]["band_structure"]
        occupations = spin_bands(bands)[1]
        count = occupations.shape[2]
        more = max(self.least, math.ceil(self.growth * count))
        filled = float(occupations.sum(axis=2).max())
        nbnd = max(count + more, math.ceil((1 + self.spare) * filled))
        changes: dict[str, dict[str, Any]] = {"system": {"nbnd": nbnd}}
        if attempt.pw_input.get("control", "calculation", "scf") == "scf":
            changes["electrons"] = {"startingpot": "file"}
        return changes
