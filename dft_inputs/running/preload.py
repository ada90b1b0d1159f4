"""What the fork server imports before it forks calculations.

jobflow, maggma and monty import much of themselves only when a first job runs (a second per
process); so one trivial job is run here, and each calculation starts warm.
"""

from __future__ import annotations

import logging
import tempfile
import warnings

from jobflow import JobStore, job, run_locally
from maggma.stores import MemoryStore

from dft_inputs.running import worker

with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    run_locally(
        job(str)(1), store=JobStore(MemoryStore()), create_folders=True, root_dir=scratch, log=False
    )

logging.getLogger(__name__).debug("Warm: %s", worker.__name__)
