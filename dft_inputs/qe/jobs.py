"""The custodian job that runs pw.x."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from custodian.custodian import Job
from typing_extensions import override

from dft_inputs.qe import files
from dft_inputs.qe.program import split_command

GRACE_SECONDS = 10.0


class PwJob(Job):
    """Runs pw.x on ``pw.in`` of a folder, in a process group of its own.

    A launcher such as mpirun has children: interrupting a run ends the whole group, so that no
    orphan goes on writing into the folder.
    """

    def __init__(self, command: str, threads: int = 1) -> None:
        """Make the job.

        Args:
            command: Command that runs pw.x, for example ``mpirun -n 4 pw.x``.
            threads: OpenMP threads of each process.
        """
        self.command = command
        self.threads = threads
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
        arguments = [*split_command(self.command), "-in", files.INPUT]
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

    @override
    def terminate(self, directory: str = "./") -> None:
        """End the whole process group, politely first; harmless when it has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
