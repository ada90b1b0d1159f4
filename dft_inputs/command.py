"""The command that runs a program of the user's, as words."""

from __future__ import annotations

import os
import shlex
import shutil

from dao_core.environment import Variable
from dao_core.errors import InputError
from dft_inputs.errors import MissingProgramError


def command_words(command: str, setting: Variable, advice: str) -> list[str]:
    """Split a command as a shell does, and make sure that its program is on this machine.

    Args:
        command: Command with options; variables of the environment are put in.
        setting: Variable of the environment that names it, for the errors.
        advice: What to do where the program is not there.

    Returns:
        The program and its arguments.

    Raises:
        InputError: If its quotes are not balanced.
        MissingProgramError: If the program is not on the path.
    """
    try:
        words = shlex.split(os.path.expandvars(command))
    except ValueError as error:
        raise InputError(
            f"The command {command!r} cannot be read: {str(error).lower()}. Mend it in "
            f"{setting.name}."
        ) from error
    if not words or shutil.which(words[0]) is None:
        program = words[0] if words else command
        raise MissingProgramError(f"The program '{program}' is not on the PATH. {advice}")
    return words
