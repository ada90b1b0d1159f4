"""The user's VASP: its command, and whether it and its potentials are on this machine."""

from __future__ import annotations

from atomate2 import SETTINGS

from dao_core.environment import VASP_COMMAND
from dft_inputs.command import command_words
from dft_inputs.vasp.potcar import potcar_folder


def named_command(command: str | None = None) -> str:
    """Command that was asked for, or that ``DAO_VASP_COMMAND`` names; empty without either."""
    return command or VASP_COMMAND.value


def vasp_command(command: str | None = None) -> str:
    """Command that runs VASP.

    Args:
        command: Command that was asked for; None for ``DAO_VASP_COMMAND`` or atomate2's setting.

    Returns:
        The command with its options.
    """
    return named_command(command) or str(SETTINGS.VASP_CMD)


def vasp_words(command: str) -> list[str]:
    """The words of a command that runs VASP, its program checked.

    Raises:
        InputError: If its quotes are not balanced.
        MissingProgramError: If the program is not on the path.
    """
    advice = "VASP is licensed and not shipped: name the command that runs yours in "
    return command_words(command, VASP_COMMAND, f"{advice}{VASP_COMMAND.name}.")


def require_vasp(command: str | None = None) -> None:
    """Make sure that VASP and the user's POTCARs are on this machine.

    Args:
        command: As for :func:`vasp_command`.

    Raises:
        InputError: If the quotes of the command are not balanced.
        MissingProgramError: If the program is not on the path.
        MissingError: If there are no POTCARs.
    """
    vasp_words(vasp_command(command))
    potcar_folder()
