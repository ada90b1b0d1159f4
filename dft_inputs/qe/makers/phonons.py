"""Phonons at Gamma by ph.x."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jobflow import Job, job
from pymatgen.core import Structure
from typing_extensions import override

from dft_inputs.errors import TruncatedOutputError
from dft_inputs.qe import files
from dft_inputs.qe.makers.after_static import AfterStaticMaker
from dft_inputs.qe.makers.base import copy_save
from dft_inputs.qe.post_process import PostProcessor
from dft_inputs.qe.schemas.phonons import GammaPhononDoc
from dft_inputs.qe.schemas.task import PwTaskDoc

_FREQUENCY = re.compile(r"freq \(\s*\d+\) =\s*-?[\d.]+ \[THz\] =\s*(-?[\d.]+) \[cm-1\]")
TRANSLATIONS = 3
IMAGINARY_BELOW = -20.0
"""1/cm; translations are never exactly zero on a grid, and soft modes have noise."""


@dataclass
class GammaPhononMaker(AfterStaticMaker):
    """Makes phonons at Gamma, a :class:`GammaPhononDoc`: static, then ph.x.

    The crystal should be relaxed.

    Attributes:
        threshold: Threshold of the self-consistency of the response.
    """

    name: str = "phonons at Gamma"
    threshold: float = 1e-14

    @override
    def follow(self, static: PwTaskDoc, structure: Structure) -> list[Job]:
        """The phonons of the static run."""
        return [gamma_phonons(static, self.threshold, self.programs)]


@job(output_schema=GammaPhononDoc)
def gamma_phonons(static: PwTaskDoc, threshold: float, programs: PostProcessor) -> GammaPhononDoc:
    """Phonons at Gamma from a static run.

    Args:
        static: The static run.
        threshold: Threshold of the self-consistency of the response.
        programs: Runs ph.x.

    Returns:
        The frequencies.

    Raises:
        CalculationError: If ph.x fails.
    """
    folder = Path.cwd()
    copy_save(Path(static.dir_name), folder)
    settings = {
        "prefix": files.PREFIX,
        "outdir": f"./{files.OUTDIR}",
        "fildyn": "pw.dyn",
        "tr2_ph": threshold,
    }
    stdout = programs.run(
        "ph.x", {"inputph": settings}, folder, title="phonons at Gamma", tail="0 0 0\n"
    )
    return phonon_document(stdout, static, folder)


def phonon_document(stdout: str, static: PwTaskDoc, folder: Path) -> GammaPhononDoc:
    """Document of the frequencies that ph.x printed.

    Args:
        stdout: Standard output of ph.x.
        static: The static run.
        folder: Where ph.x ran.

    Returns:
        The document.

    Raises:
        TruncatedOutputError: If not all frequencies are there.
    """
    frequencies = sorted(float(value) for value in _FREQUENCY.findall(stdout))
    if len(frequencies) != 3 * static.n_atoms:
        raise TruncatedOutputError(
            f"ph.x printed {len(frequencies)} of {3 * static.n_atoms} frequencies."
        )
    # The three modes nearest to zero are the translations.
    optical = sorted(frequencies, key=abs)[TRANSLATIONS:]
    return GammaPhononDoc(
        formula=static.formula,
        frequencies=frequencies,
        unstable=any(frequency < IMAGINARY_BELOW for frequency in optical),
        dir_name=str(folder),
    )
