"""The programs of Quantum ESPRESSO on this machine: where they are and which version."""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import lru_cache

from dao_core.environment import PW_COMMAND
from dft_inputs.command import command_words
from dft_inputs.errors import MissingProgramError
from dft_inputs.running.tether import TIMED_OUT, tether

ANSWER_SECONDS = 40
"""How long a program may take to introduce itself: a moment, unless the machine is overloaded."""
_BANNERS = {"pw.x": "PWSCF", "ph.x": "PHONON", "pp.x": "POST-PROC", "dos.x": "DOS"}
"""How each program introduces itself."""


def pw_command() -> str:
    """Command that runs pw.x: ``DAO_PW_COMMAND``, for example ``mpirun -n 4 pw.x``, or pw.x."""
    return PW_COMMAND.value


def split_command(command: str) -> list[str]:
    """Command as an argument list, its program checked.

    Args:
        command: Command with options.

    Returns:
        The arguments.

    Raises:
        InputError: If its quotes are not balanced.
        MissingProgramError: If the program is not on the path.
    """
    return command_words(
        command,
        PW_COMMAND,
        "Install Quantum ESPRESSO (on Debian and Ubuntu: apt-get install quantum-espresso) or "
        "name the command in DAO_PW_COMMAND.",
    )


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
def program_version(command: str, program: str) -> tuple[int, ...]:
    """Version of a program of Quantum ESPRESSO, as its banner says.

    Args:
        command: Command that runs it.
        program: Which program it is: ``pw.x``, ``ph.x``, ``pp.x`` or ``dos.x``.

    Returns:
        For example ``(6, 7)``.

    Raises:
        InputError: If the quotes of the command are not balanced.
        MissingProgramError: If the program is absent, hangs or is another one.
    """
    arguments = [*tether(ANSWER_SECONDS), *split_command(command)]
    with tempfile.TemporaryDirectory() as scratch:
        # An empty input ends the program right after its banner.
        try:
            done = subprocess.run(
                arguments, input="", capture_output=True, text=True, errors="replace", cwd=scratch,
                check=False,
            )  # fmt: skip
        except OSError as error:
            raise MissingProgramError(f"'{command}' cannot be run: {error}") from error
    if done.returncode == TIMED_OUT:
        raise MissingProgramError(
            f"'{command}' has not introduced itself within {ANSWER_SECONDS} s. Try it by hand."
        )
    match = re.search(rf"Program {_BANNERS[program]} v\.(\d+(?:\.\d+)*)", done.stdout)
    if match is None:
        raise MissingProgramError(f"'{command}' does not introduce itself as {program}.")
    return tuple(int(part) for part in match.group(1).split("."))


def pw_version(command: str) -> tuple[int, ...]:
    """Version of pw.x, as :func:`program_version` gives it.

    Args:
        command: Command that runs pw.x.

    Returns:
        For example ``(6, 7)``.

    Raises:
        MissingProgramError: If the program is absent or is not pw.x.
    """
    return program_version(command, PW_COMMAND.default)
