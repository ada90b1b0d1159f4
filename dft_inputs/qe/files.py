"""Names of the files of one pw.x run."""

from __future__ import annotations

from pathlib import Path

PREFIX = "pwscf"
OUTDIR = "out"
INPUT = "pw.in"
OUTPUT = "pw.out"
ERROR = "pw.err"
CRASH = "CRASH"
TASK = "task.json"
"""The task document, written when it is complete: its presence means that the run is finished."""


def xml_path(directory: Path) -> Path:
    """The XML file that pw.x writes beside its save folder."""
    return directory / OUTDIR / f"{PREFIX}.xml"


def save_path(directory: Path) -> Path:
    """The folder of charge density and wave functions."""
    return directory / OUTDIR / f"{PREFIX}.save"
