"""Run pw.x under custodian."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from custodian import Custodian
from custodian.custodian import CustodianError, ErrorHandler

from dao_core.errors import CalculationError
from dft_inputs.errors import WalltimeError
from dft_inputs.qe.handlers import (
    BandsHandler,
    BfgsHandler,
    CellFactorHandler,
    DiagonalizationHandler,
    FinalScfHandler,
    ScfHandler,
    StepsHandler,
    UnrecoverableHandler,
    WalltimeHandler,
)
from dft_inputs.qe.jobs import PwJob
from dft_inputs.qe.program import pw_command
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.schemas.failure import diagnose
from dft_inputs.qe.validators import PwValidator

MAX_ERRORS = 5
WALLTIME_SHARE = 0.95
"""pw.x needs the rest to write what a restart reads."""


def default_handlers() -> list[ErrorHandler]:
    """A fresh set of all handlers; they count their corrections, so a set is for one run."""
    return [
        UnrecoverableHandler(),
        ScfHandler(),
        FinalScfHandler(),
        DiagonalizationHandler(),
        StepsHandler(),
        WalltimeHandler(),
        BfgsHandler(),
        CellFactorHandler(),
        BandsHandler(),
    ]


def run_pw(
    command: str | None = None,
    walltime: float | None = None,
    threads: int = 1,
    max_errors: int = MAX_ERRORS,
    handlers: Sequence[ErrorHandler] | None = None,
    directory: str | Path = ".",
) -> None:
    """Run pw.x on the input in a folder, correcting what can be corrected.

    Args:
        command: Command that runs pw.x; None for ``DAO_PW_COMMAND`` or pw.x.
        walltime: Time limit of each attempt, s. pw.x is told to stop itself in time to restart; if
            it does not, it is ended.
        threads: OpenMP threads of each process.
        max_errors: Number of attempts.
        handlers: Handlers; None for all.
        directory: Folder of the run.

    Raises:
        MissingProgramError: If pw.x is not on the path.
        CalculationError: If the attempts are used up or nothing can help, with its reason.
    """
    folder = Path(directory).resolve()
    if walltime is not None:
        pw_input = PwInput.from_directory(folder)
        pw_input.update({"control": {"max_seconds": float(walltime) * WALLTIME_SHARE}})
        pw_input.write_file(folder / "pw.in")
    job = PwJob(command or pw_command(), threads, walltime)
    custodian = Custodian(
        list(handlers) if handlers is not None else default_handlers(),
        [job],
        validators=[PwValidator()],
        max_errors=max_errors,
        directory=str(folder),
    )
    with _ended_with(job):
        try:
            custodian.run()
        except CustodianError as error:
            if job.timed_out:
                raise WalltimeError(
                    f"pw.x did not stop itself and was ended after {walltime:g} s."
                ) from error
            raise diagnose(folder) or CalculationError(str(error)) from error


@contextlib.contextmanager
def _ended_with(job: PwJob) -> Iterator[None]:
    """Whatever ends the context, an interrupt included, ends the process group too."""
    try:
        yield
    finally:
        job.terminate()
