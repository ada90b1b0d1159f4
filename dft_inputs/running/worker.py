"""One calculation in a process of its own.

jobflow's ``run_locally`` changes the working directory of its process, so two calculations cannot
share one. The module is preloaded by the fork server: a calculation then starts in milliseconds.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import threading
import warnings
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType, ModuleType
from typing import NoReturn

from jobflow import Flow, JobStore, run_locally
from maggma.stores import MemoryStore

from dao_core.errors import CalculationError, DaoError
from dft_inputs.errors import WalltimeError
from dft_inputs.qe.schemas.pw_xml import pw_document
from dft_inputs.running.codes import flow_module
from dft_inputs.running.folder import (
    CalculationFailure,
    CalculationFolder,
    CalculationResult,
)
from dft_inputs.running.heartbeat import booked
from dft_inputs.running.ledger import Ledger
from dft_inputs.running.request import CalculationRequest, Limits

# Compiling a schema and importing the flow take seconds: done once, before the processes fork.
importlib.import_module("dft_inputs.qe.flow")
pw_document("qes_030920.xsd")


def run_calculation(request: CalculationRequest, root: Path, limits: Limits) -> None:
    """Compute a request unless it is finished, and leave its result or failure in its folder.

    Args:
        request: What is asked for.
        root: Folder of all calculations.
        limits: Limits of the run.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    _end_with_parent()
    folder = CalculationFolder(root.resolve(), request.key)
    ledger = Ledger.of(folder.root)
    with folder.locked():
        if folder.result() is None:
            _run_attempt(request, folder, ledger, limits)


def _run_attempt(
    request: CalculationRequest, folder: CalculationFolder, ledger: Ledger, limits: Limits
) -> None:
    folder.stop_orphans()
    ledger.close_abandoned(request.key)
    folder.forget_failure()
    folder.note({"formula": request.structure.formula, "level": request.level.name})
    with booked(ledger, request.key, limits):
        try:
            folder.close(_compute(request, folder, limits))
            folder.remove_wave_functions()
        except DaoError as error:
            folder.close(
                CalculationFailure(
                    key=request.key,
                    reason=error.reason,
                    message=str(error),
                    exit_code=error.exit_code,
                )
            )


def _compute(
    request: CalculationRequest, folder: CalculationFolder, limits: Limits
) -> CalculationResult:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # run_locally itself uses a deprecated monty function, once per job.
    warnings.filterwarnings("ignore", message="cd is deprecated", category=FutureWarning)
    store = JobStore(MemoryStore())
    code = flow_module(request.method)
    flow = _flow(request, folder, limits)
    try:
        run_locally(
            flow,
            store=store,
            create_folders=True,
            root_dir=folder.path,
            ensure_success=True,
            raise_immediately=True,
            log=False,
        )
    except RuntimeError as error:
        # custodian and atomate2 report a VASP run that cannot be saved this way.
        if request.method.code == "vasp" and _local_vasp().time_was_over(folder.path):
            limit = f"{limits.walltime:g} s"
            raise WalltimeError(f"The program was ended after {limit}.") from error
        raise CalculationError(str(error)) from error
    output = flow.output.resolve(store)
    documents = [document["output"] for document in store.query({}, properties=["output"])]
    return code.result_of(request, output, [d for d in documents if isinstance(d, dict)])


def _flow(request: CalculationRequest, folder: CalculationFolder, limits: Limits) -> Flow:
    """The flow of a request; jobs of pw.x resume and tether what they run by themselves."""
    if request.method.code == "vasp":
        flow: Flow = _local_vasp().local_flow(request, folder.path, limits.walltime)
    else:
        flow = flow_module(request.method).flow_for(request, limits.walltime)
    return flow


def _local_vasp() -> ModuleType:
    """VASP on this machine; what it imports takes seconds, which runs of pw.x do without."""
    return importlib.import_module("dft_inputs.vasp.local")


def _end_with_parent() -> None:
    """Stop when the process that asked is gone, however it went: nobody pays for orphans."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that the program's process group is ended and the ledger is closed."""
    logging.getLogger(__name__).info("Stopped by signal %s in %s.", signum, frame)
    raise SystemExit(128 + signum)
