"""VASP runs: every ``vasprun.xml`` below a folder."""

from __future__ import annotations

from pathlib import Path

from dft_inputs.finished import FinishedRun
from dft_inputs.vasp.finished import read_finished_run
from stores.ingest.runs import RunFolder


class VaspRuns(RunFolder):
    """The last ionic step of every converged run."""

    name = "vasp"
    pattern = "vasprun*.xml*"

    def read(self, file: Path) -> FinishedRun:
        """The last configuration of one run, or a typed error."""
        return read_finished_run(file)
