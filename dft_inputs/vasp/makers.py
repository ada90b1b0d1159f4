"""atomate2's makers under the protocol names."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

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
from pymatgen.io.vasp.sets import MPRelaxSet, MPScanRelaxSet

from dft_inputs.errors import InputError
from dft_inputs.hubbard import U_VALUES, hubbard_u
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import get_protocol
from dft_inputs.vasp.potcar import potcar_hashes
from dft_inputs.vasp.program import vasp_command

if TYPE_CHECKING:
    from dft_inputs.running.request import Method

KBAR_PER_GPA = 10.0
INCAR_SETTINGS: dict[str, dict[str, float]] = {
    "fast": {"KSPACING": 0.30, "EDIFF": 1e-4, "EDIFFG": -0.05},
    "balanced": {},
    "stringent": {"KSPACING": 0.15, "EDIFF": 1e-6, "EDIFFG": -0.01},
}
"""What a protocol changes in the settings of the Materials Project; ``balanced`` nothing."""

_POLLING = {"polling_time_step": 1, "monitor_freq": 300}
"""custodian looks every second whether VASP has ended (its default wastes ten seconds of each run),
and at the monitored files every five minutes, as by default."""

_STATIC = {"pbe": MPGGAStaticMaker, "r2scan": MPMetaGGAStaticMaker}
_RELAX = {"pbe": MPGGADoubleRelaxStaticMaker, "r2scan": MPMetaGGADoubleRelaxStaticMaker}
_RELAXATIONS = (MPGGARelaxMaker, MPPreRelaxMaker, MPMetaGGARelaxMaker)
_CONFIGS: dict[str, dict[str, Any]] = {"pbe": MPRelaxSet.CONFIG, "r2scan": MPScanRelaxSet.CONFIG}
POTCAR_FUNCTIONAL = {"pbe": "PBE", "r2scan": "PBE_54"}


def incar_settings(method: Method) -> dict[str, Any]:
    """What a method changes in the settings of the Materials Project.

    The Materials Project gives some metals a U in oxides and fluorides only, and mends their hulls
    by fitted corrections. Here an element has its U in every crystal or in none, as with Quantum
    ESPRESSO, so that one hull needs no corrections.

    Args:
        method: How crystals are computed.

    Returns:
        INCAR settings.

    Raises:
        InputError: If VASP has no such protocol or functional, or r2SCAN is to have a U.
    """
    name = get_protocol(method.protocol).name
    if method.functional not in _RELAX or name not in INCAR_SETTINGS:
        raise InputError(
            f"There is no VASP protocol '{name}' with the functional '{method.functional}'."
        )
    settings: dict[str, Any] = dict(INCAR_SETTINGS[name])
    if method.functional == "r2scan" and method.hubbard:
        raise InputError("The table of U is for PBE: r2SCAN needs none. Leave hubbard out.")
    if method.functional == "pbe":
        settings["LDAU"] = method.hubbard
    if method.hubbard:
        settings["LDAUU"] = {element: u for element, (_, u) in U_VALUES.items()}
        settings["LDAUL"] = dict.fromkeys(U_VALUES, 2)
        settings["LDAUJ"] = dict.fromkeys(U_VALUES, 0)
    if not method.spin:
        settings["ISPIN"] = 1
    return settings


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
    if method.command or os.environ.get("DAO_VASP_COMMAND"):
        # Without, atomate2's own settings tell VASP from its version for Gamma alone.
        command = vasp_command(method.command)
        kwargs |= {"vasp_cmd": command, "vasp_gamma_cmd": command}
    return maker.update_kwargs({"run_vasp_kwargs": kwargs}, class_filter=BaseVaspMaker)


def vasp_level(method: Method, elements: Collection[str]) -> LevelOfTheory:
    """Level of theory of VASP energies.

    Args:
        method: How crystals are computed.
        elements: Elements that the level is for.

    Returns:
        The level.

    Raises:
        InputError: If VASP cannot be run so.
        MissingError: If the user's POTCARs are missing.
    """
    functional, config = method.functional, _CONFIGS[method.functional]
    settings = {**config["INCAR"], **incar_settings(method)}
    values = hubbard_u(elements) if method.hubbard else {}
    return LevelOfTheory(
        code="vasp",
        # POTCARs and settings decide the energy; VASP's releases agree within the thresholds.
        version="any",
        functional=functional,
        protocol=get_protocol(method.protocol).name,
        pseudo_family=f"mp-{POTCAR_FUNCTIONAL[functional].lower().replace('_', '')}",
        pseudo_md5=potcar_hashes(elements, config["POTCAR"], POTCAR_FUNCTIONAL[functional]),
        settings={
            **{name: value for name, value in settings.items() if not isinstance(value, dict)},
            "spin": method.spin,
            "pressure": method.pressure,
        },
        hubbard_u={element: u for element, (_, u) in values.items()},
    )
