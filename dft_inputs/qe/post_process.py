"""Run what works on the results of pw.x: ph.x, pp.x, projwfc.x."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase.io.espresso_namelist.namelist import Namelist
from monty.json import MSONable

from dao_core.errors import CalculationError
from dft_inputs.errors import TruncatedOutputError, UnrecoverableError, WalltimeError
from dft_inputs.qe.jobs import end
from dft_inputs.qe.program import pw_command, sibling_command, split_command
from dft_inputs.running.tether import TIMED_OUT, tether

_ERROR = re.compile(r"Error in routine\s+(\S+)\s*\(-?\d+\):\s*\n\s*(.*?)\s*\n\s*%{5,}", re.DOTALL)


@dataclass(frozen=True)
class PostProcessor(MSONable):
    """Runs the programs that work on the results of pw.x, as pw.x itself is run.

    Attributes:
        command: Command that runs pw.x, whose launcher is used; None for the default.
        walltime: Time limit of one run of a program, s.
    """

    command: str | None = None
    walltime: float | None = None

    def run(
        self,
        program: str,
        namelists: dict[str, dict[str, Any]],
        directory: Path,
        title: str = "",
        tail: str = "",
    ) -> str:
        """Run a program in a folder.

        Args:
            program: For example ``ph.x``.
            namelists: Its input.
            directory: Folder, with the save folder of a pw.x run.
            title: Line before the namelists, as ph.x wants one.
            tail: Text after the namelists.

        Returns:
            The standard output.

        Raises:
            MissingProgramError: If the program is not on the path.
            WalltimeError: If it did not end in time; it was ended.
            UnrecoverableError: If it refused its input.
            TruncatedOutputError: If it ended without JOB DONE.
        """
        stem = program.removesuffix(".x")
        text = f"{title}\n" if title else ""
        (directory / f"{stem}.in").write_text(text + Namelist(namelists).to_string() + tail)
        arguments = split_command(sibling_command(self.command or pw_command(), program))
        output = directory / f"{stem}.out"
        with output.open("wb") as stdout:
            process = subprocess.Popen(
                [*tether(self.walltime), *arguments, "-in", f"{stem}.in"],
                cwd=directory,
                env={"OMP_NUM_THREADS": "1", **os.environ},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait()
            finally:
                end(process)
        if process.returncode == TIMED_OUT:
            raise WalltimeError(f"{program} was ended after {self.walltime:g} s.")
        return _checked(program, output.read_text(errors="replace"))


def _checked(program: str, stdout: str) -> str:
    error = _ERROR.search(stdout)
    if error is not None:
        message = " ".join(error.group(2).split())
        raise UnrecoverableError(f"{program} stopped in its routine {error.group(1)}: {message}")
    if "JOB DONE." not in stdout:
        raise TruncatedOutputError(f"The output of {program} stops before JOB DONE.")
    return stdout


def require(path: Path, program: str) -> Path:
    """A file that a program should have written.

    Args:
        path: The file.
        program: The program.

    Returns:
        The file.

    Raises:
        CalculationError: If it is not there or empty.
    """
    if not path.is_file() or not path.stat().st_size:
        raise CalculationError(f"{program} did not write {path.name}.")
    return path
