"""Quantum ESPRESSO runs: every XML output of pw.x below a folder."""

from __future__ import annotations

from pathlib import Path

from dft_inputs.finished import FinishedRun
from dft_inputs.qe.finished import read_finished_run
from stores.ingest.runs import RunFolder


class QeRuns(RunFolder):
    """The last configuration of every finished, converged pw.x run."""

    name = "qe"
    pattern = "*.xml"

    def read(self, file: Path) -> FinishedRun:
        """The last configuration of one run, or a typed error."""
        return read_finished_run(file)
