"""The user's VASP: its command, and whether it and its potentials are on this machine."""

from __future__ import annotations

import os
import shlex
import shutil

from atomate2 import SETTINGS

from dao_core.environment import VASP_COMMAND
from dft_inputs.errors import MissingProgramError
from dft_inputs.vasp.potcar import potcar_folder


def vasp_command(command: str | None = None) -> str:
    """Command that runs VASP.

    Args:
        command: Command that was asked for; None for ``DAO_VASP_COMMAND`` or atomate2's setting.

    Returns:
        The command with its options.
    """
    return command or VASP_COMMAND.value or str(SETTINGS.VASP_CMD)


def require_vasp(command: str | None = None) -> None:
    """Make sure that VASP and the user's POTCARs are on this machine.

    Args:
        command: As for :func:`vasp_command`.

    Raises:
        MissingProgramError: If the program is not on the path.
        MissingError: If there are no POTCARs.
    """
    words = shlex.split(os.path.expandvars(vasp_command(command)))
    if not words or shutil.which(words[0]) is None:
        raise MissingProgramError(
            f"The program '{words[0] if words else ''}' is not on the PATH. VASP is licensed and "
            "not shipped: name the command that runs yours in DAO_VASP_COMMAND."
        )
    potcar_folder()
