"""The custodian job that runs pw.x."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from custodian.custodian import Job
from typing_extensions import override

from dft_inputs.qe import files
from dft_inputs.qe.program import split_command
from dft_inputs.running.tether import TIMED_OUT, tether

GRACE_SECONDS = 10.0


class PwJob(Job):
    """Runs pw.x on ``pw.in`` of a folder, tethered to this process.

    A launcher such as mpirun has children: interrupting a run, or killing this process, ends them
    all, so that no orphan goes on writing into the folder.
    """

    def __init__(self, command: str, threads: int = 1, walltime: float | None = None) -> None:
        """Make the job.

        Args:
            command: Command that runs pw.x, for example ``mpirun -n 4 pw.x``.
            threads: OpenMP threads of each process.
            walltime: Time after which a run is ended from outside, s.
        """
        self.command = command
        self.threads = threads
        self.walltime = walltime
        self._process: subprocess.Popen[bytes] | None = None

    def setup(self, directory: str = "./") -> None:
        """Nothing is needed: the input set was written by the maker."""

    def run(self, directory: str = "./") -> subprocess.Popen[bytes]:
        """Start pw.x.

        Args:
            directory: Folder of the run.

        Returns:
            The running process.

        Raises:
            MissingProgramError: If the program is not on the path.
        """
        folder = Path(directory)
        arguments = [*tether(self.walltime), *split_command(self.command), "-in", files.INPUT]
        # What an earlier attempt left must never be read as the result of this one.
        for stale in (folder / files.CRASH, folder / files.OUTPUT, files.xml_path(folder)):
            stale.unlink(missing_ok=True)
        environment = {**os.environ, "OMP_NUM_THREADS": str(self.threads)}
        with (
            (folder / files.OUTPUT).open("wb") as output,
            (folder / files.ERROR).open("wb") as error,
        ):
            self._process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=error,
                start_new_session=True,
            )
        return self._process

    def postprocess(self, directory: str = "./") -> None:
        """Nothing is needed: the task document reads the folder as it is."""

    @property
    def timed_out(self) -> bool:
        """Whether the last run did not end by itself within the walltime."""
        return self._process is not None and self._process.poll() == TIMED_OUT

    @override
    def terminate(self, directory: str = "./") -> None:
        """End the run and all that it started; harmless when it has ended."""
        if self._process is not None:
            end(self._process)


def end(tethered: subprocess.Popen[bytes]) -> None:
    """End a tethered program that leads a session, politely first; harmless when it has ended."""
    if tethered.poll() is not None:
        return
    os.killpg(tethered.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        tethered.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(tethered.pid, signal.SIGKILL)
    tethered.wait()
