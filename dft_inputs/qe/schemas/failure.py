"""From the outputs of a run to the one typed error that says why it has no result."""

from __future__ import annotations

from pathlib import Path

from dao_core.errors import CalculationError
from dft_inputs.errors import (
    EmptyOutputError,
    IonsNotConvergedError,
    ScfNotConvergedError,
    TruncatedOutputError,
    UnrecoverableError,
    WalltimeError,
)
from dft_inputs.qe import files
from dft_inputs.qe.schemas.pw_stdout import PwStdout, read_pw_stdout


def diagnose(directory: Path) -> CalculationError | None:
    """Why a run of pw.x has no usable result.

    Args:
        directory: Folder of the run.

    Returns:
        The error, or None when the standard output shows none.
    """
    path = directory / files.OUTPUT
    if not path.is_file() or not path.stat().st_size:
        complaint = _last_line(directory / files.ERROR)
        return EmptyOutputError(f"pw.x wrote nothing{': ' + complaint if complaint else ''}.")
    return diagnose_stdout(read_pw_stdout(path))


def diagnose_stdout(stdout: PwStdout) -> CalculationError | None:
    """Why a run with this standard output has no usable result; None when it shows none."""
    if stdout.bfgs_failed:
        return IonsNotConvergedError("The BFGS relaxation gave up before its thresholds were met.")
    if stdout.error_routine is not None:
        return UnrecoverableError(
            f"pw.x stopped in its routine {stdout.error_routine}: {stdout.error_message}"
        )
    if stdout.scf_not_converged:
        return ScfNotConvergedError("The self-consistent field did not converge.")
    if stdout.steps_exhausted:
        return IonsNotConvergedError("The relaxation used up its ionic steps.")
    if stdout.time_exceeded:
        return WalltimeError("pw.x reached its time limit.")
    if not stdout.job_done:
        return TruncatedOutputError("The output of pw.x stops before JOB DONE.")
    return None


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").split("\n") if path.is_file() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
