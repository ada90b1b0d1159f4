"""A VASP flow for this machine: from where an earlier attempt left it, tied to this process."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from atomate2 import SETTINGS
from atomate2.vasp.jobs.base import BaseVaspMaker
from jobflow import Flow

from dft_inputs.running.tether import TIME_OVER, tether
from dft_inputs.vasp.flow import flow_for
from dft_inputs.vasp.geometry import last_geometry
from dft_inputs.vasp.program import named_command, vasp_command, vasp_words

if TYPE_CHECKING:
    from dft_inputs.running.request import CalculationRequest


def local_flow(request: CalculationRequest, folder: Path, walltime: float | None) -> Flow:
    """Flow of a request; VASP ends with the process that made it, and when its time is over.

    Args:
        request: What is asked for.
        folder: Folder of the calculation, with what earlier attempts left.
        walltime: Time limit of one run of VASP, s.

    Returns:
        The flow.

    Raises:
        InputError: If VASP cannot be run so.
        MissingProgramError: If VASP is not on the path.
    """
    flow = flow_for(_resumed(request, folder), walltime)
    command = vasp_command(request.method.command)
    # custodian takes the program for Gamma alone only where it is there.
    gamma = named_command(request.method.command) or SETTINGS.VASP_GAMMA_CMD
    launcher = tether(walltime)
    update = {
        "run_vasp_kwargs->vasp_cmd": shlex.join([*launcher, *vasp_words(command)]),
        "run_vasp_kwargs->vasp_gamma_cmd": shlex.join([*launcher, *shlex.split(gamma)]),
    }
    flow.update_maker_kwargs({"_set": update}, class_filter=BaseVaspMaker, dict_mod=True)
    return flow


def time_was_over(folder: Path) -> bool:
    """Whether the last run of VASP was ended because its time was over.

    custodian looks for a whole vasprun.xml before it looks at the exit code, so that its error
    does not say so.

    Args:
        folder: Folder of the calculation, whose runs have folders of their own in it.
    """
    runs = sorted(folder.glob("*/std_err.txt"), key=lambda path: path.stat().st_mtime)
    return bool(runs) and TIME_OVER in runs[-1].read_text(errors="replace")


def _resumed(request: CalculationRequest, folder: Path) -> CalculationRequest:
    """The request from the last geometry that an earlier attempt reached."""
    relaxes = request.method.workflow == "relax"
    if not relaxes or "magmom" in request.structure.site_properties:
        return request
    last = last_geometry(folder)
    return request if last is None else replace(request, structure=last)
