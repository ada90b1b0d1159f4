"""Imported by the fork server alone: a worker that comes too late to work ends without a word.

A user who presses Ctrl-C while a pool starts has ended its owner, and with it the semaphores of the
pool, before the newest worker has found them. That is no fault, and no traceback helps anyone.
"""

from __future__ import annotations

import sys
import traceback
from multiprocessing import spawn, synchronize
from types import TracebackType


def came_too_late(error: BaseException) -> bool:
    """Whether a starting worker found its semaphores or what its owner was sending it gone."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1].filename if frames else None
    return (isinstance(error, FileNotFoundError) and where == synchronize.__file__) or (
        isinstance(error, EOFError) and where == spawn.__file__
    )


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The server's hook of uncaught errors: all but workers that came too late."""
    if not came_too_late(error):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = report
