"""atomate2's makers under the protocol names."""

from __future__ import annotations

from typing import Any

from atomate2.vasp.flows.mp import MPGGADoubleRelaxStaticMaker, MPMetaGGADoubleRelaxStaticMaker
from atomate2.vasp.jobs.base import BaseVaspMaker
from atomate2.vasp.jobs.mp import (
    MPGGARelaxMaker,
    MPGGAStaticMaker,
    MPMetaGGARelaxMaker,
    MPMetaGGAStaticMaker,
    MPPreRelaxMaker,
)
from atomate2.vasp.powerups import update_user_incar_settings
from jobflow import Maker

from dao_core.units import KBAR_PER_GPA
from dft_inputs.method import Method
from dft_inputs.vasp.level import incar_settings
from dft_inputs.vasp.program import named_command

_POLLING = {"polling_time_step": 1, "monitor_freq": 300}
"""custodian looks every second whether VASP has ended (its default wastes ten seconds of each run),
and at the monitored files every five minutes, as by default."""

_STATIC = {"pbe": MPGGAStaticMaker, "r2scan": MPMetaGGAStaticMaker}
_RELAX = {"pbe": MPGGADoubleRelaxStaticMaker, "r2scan": MPMetaGGADoubleRelaxStaticMaker}
_RELAXATIONS = (MPGGARelaxMaker, MPPreRelaxMaker, MPMetaGGARelaxMaker)


def vasp_maker(method: Method) -> Maker:
    """Maker of a validation by VASP.

    Args:
        method: How: ``pbe`` is MP GGA, ``r2scan`` MP r2SCAN; the workflow ``relax`` is a double
            relaxation and a static run, any other the static run; without a command,
            ``DAO_VASP_COMMAND`` or atomate2's setting counts.

    Returns:
        The maker.

    Raises:
        InputError: If VASP cannot be run so.
    """
    settings = incar_settings(method)
    makers = _RELAX if method.workflow == "relax" else _STATIC
    maker: Maker = makers[method.functional]()
    if settings:
        maker = update_user_incar_settings(maker, settings)
    if method.pressure:
        # Not in the static run: VASP would add pV to its energy.
        stress = {"PSTRESS": method.pressure * KBAR_PER_GPA}
        for relaxation in _RELAXATIONS:
            maker = update_user_incar_settings(maker, stress, class_filter=relaxation)
    kwargs: dict[str, Any] = {"custodian_kwargs": dict(_POLLING)}
    command = named_command(method.command)
    if command:
        # Without, atomate2's own settings tell VASP from its version for Gamma alone.
        kwargs |= {"vasp_cmd": command, "vasp_gamma_cmd": command}
    return maker.update_kwargs({"run_vasp_kwargs": kwargs}, class_filter=BaseVaspMaker)
