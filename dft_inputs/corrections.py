"""What custodian corrected while a program ran, read from its log; the same for every code."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path
from typing import Any

from monty.io import zopen
from pydantic import BaseModel

_logger = logging.getLogger(__name__)
_LOG = "custodian.json*"
"""atomate2 compresses the log of a VASP run that has ended."""


class Correction(BaseModel):
    """One correction that custodian applied."""

    handler: str
    errors: list[str]
    actions: list[dict[str, Any]]


def read_corrections(directory: Path) -> list[Correction]:
    """Corrections of one run.

    Args:
        directory: Folder of the run.

    Returns:
        The corrections in the order in which they were made; none where the log is cut off, because
        custodian was killed as it wrote it.
    """
    logs = sorted(directory.glob(_LOG))
    if not logs:
        return []
    try:
        with zopen(logs[0], mode="rt", encoding="utf-8") as file:
            jobs = json.loads(file.read())
    except (json.JSONDecodeError, EOFError, gzip.BadGzipFile):
        _logger.warning("%s is cut off: what was corrected in that run is not known", logs[0])
        return []
    return [
        Correction(
            handler=entry["handler"]["@class"],
            errors=entry["errors"],
            actions=entry["actions"] or [],
        )
        for job in jobs
        for entry in job["corrections"]
    ]


def corrections_below(folder: Path) -> list[Correction]:
    """Corrections of all runs of a calculation, failed and interrupted ones included.

    Args:
        folder: Folder of the calculation, whose runs have folders of their own in it.

    Returns:
        The corrections, run after run.
    """
    logs = sorted(folder.glob(f"*/{_LOG}"), key=lambda path: path.stat().st_mtime)
    return [correction for log in logs for correction in read_corrections(log.parent)]
