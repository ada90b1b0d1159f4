"""The programs of Quantum ESPRESSO on this machine: where they are and which version."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from functools import lru_cache

from dft_inputs.errors import MissingProgramError

PW_COMMAND = "pw.x"
_BANNER = re.compile(r"Program PWSCF v\.(\d+(?:\.\d+)*)")


def pw_command() -> str:
    """Command that runs pw.x: ``DAO_PW_COMMAND``, for example ``mpirun -n 4 pw.x``, or pw.x."""
    return os.environ.get("DAO_PW_COMMAND", PW_COMMAND)


def split_command(command: str) -> list[str]:
    """Command as an argument list, its program checked.

    Args:
        command: Command with options.

    Returns:
        The arguments.

    Raises:
        MissingProgramError: If the program is not on the path.
    """
    arguments = shlex.split(os.path.expandvars(command))
    if not arguments or shutil.which(arguments[0]) is None:
        raise MissingProgramError(
            f"The program '{arguments[0] if arguments else command}' is not on the PATH. Install "
            "Quantum ESPRESSO (on Debian and Ubuntu: apt-get install quantum-espresso) or name "
            "the command in DAO_PW_COMMAND."
        )
    return arguments


def sibling_command(command: str, program: str) -> str:
    """Command for another program of the same installation, with the same launcher.

    Args:
        command: Command that runs pw.x.
        program: For example ``ph.x``.

    Returns:
        The command with ``pw.x`` replaced.
    """
    return re.sub(r"pw\.x\b", program, command)


@lru_cache(maxsize=8)
def pw_version(command: str) -> tuple[int, ...]:
    """Version of pw.x, as its banner says.

    Args:
        command: Command that runs pw.x.

    Returns:
        For example ``(6, 7)``.

    Raises:
        MissingProgramError: If the program is absent or is not pw.x.
    """
    arguments = split_command(command)
    with tempfile.TemporaryDirectory() as scratch:
        # An empty input ends pw.x right after its banner.
        done = subprocess.run(
            arguments, input="", capture_output=True, text=True, cwd=scratch, check=False
        )
    match = _BANNER.search(done.stdout)
    if match is None:
        raise MissingProgramError(f"'{command}' does not introduce itself as pw.x.")
    return tuple(int(part) for part in match.group(1).split("."))
