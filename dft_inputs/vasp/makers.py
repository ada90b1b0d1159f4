"""atomate2's makers under the protocol names."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, Literal

from atomate2.vasp.flows.mp import MPGGADoubleRelaxStaticMaker, MPMetaGGADoubleRelaxStaticMaker
from atomate2.vasp.jobs.base import BaseVaspMaker
from atomate2.vasp.jobs.mp import MPGGAStaticMaker, MPMetaGGAStaticMaker
from atomate2.vasp.powerups import update_user_incar_settings
from jobflow import Maker
from pymatgen.io.vasp.sets import MPRelaxSet, MPScanRelaxSet

from dft_inputs.errors import InputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import Protocol, get_protocol
from dft_inputs.vasp.potcar import potcar_hashes
from dft_inputs.vasp.program import vasp_command

Functional = Literal["pbe", "r2scan"]

INCAR_SETTINGS: dict[str, dict[str, float]] = {
    "fast": {"KSPACING": 0.30, "EDIFF": 1e-4, "EDIFFG": -0.05},
    "balanced": {},
    "stringent": {"KSPACING": 0.15, "EDIFF": 1e-6, "EDIFFG": -0.01},
}
"""What a protocol changes in the settings of the Materials Project: ``balanced`` is these
settings, so that its energies can stand beside those of the Materials Project."""

_STATIC = {"pbe": MPGGAStaticMaker, "r2scan": MPMetaGGAStaticMaker}
_RELAX = {"pbe": MPGGADoubleRelaxStaticMaker, "r2scan": MPMetaGGADoubleRelaxStaticMaker}
_CONFIGS: dict[str, dict[str, Any]] = {"pbe": MPRelaxSet.CONFIG, "r2scan": MPScanRelaxSet.CONFIG}
POTCAR_FUNCTIONAL = {"pbe": "PBE", "r2scan": "PBE_54"}


def vasp_maker(
    functional: Functional,
    protocol: str | Protocol,
    workflow: Literal["static", "relax"],
    command: str | None = None,
) -> Maker:
    """Maker of a validation by VASP.

    Args:
        functional: ``pbe`` (MP GGA) or ``r2scan`` (MP r2SCAN).
        protocol: Protocol, or its name.
        workflow: ``static``, or ``relax`` for a double relaxation and a static run.
        command: Command that runs VASP; None for ``DAO_VASP_COMMAND`` or atomate2's setting.

    Returns:
        The maker.

    Raises:
        InputError: If the functional or the protocol is unknown.
    """
    name = get_protocol(protocol).name
    if functional not in _RELAX or name not in INCAR_SETTINGS:
        raise InputError(f"There is no VASP protocol '{name}' with the functional '{functional}'.")
    maker = _STATIC[functional]() if workflow == "static" else _RELAX[functional]()
    if INCAR_SETTINGS[name]:
        maker = update_user_incar_settings(maker, INCAR_SETTINGS[name])
    if not (command or os.environ.get("DAO_VASP_COMMAND")):
        return maker  # atomate2's own settings tell VASP from its version for Gamma alone
    command = vasp_command(command)
    kwargs: dict[str, Any] = {"run_vasp_kwargs": {"vasp_cmd": command, "vasp_gamma_cmd": command}}
    return maker.update_kwargs(kwargs, class_filter=BaseVaspMaker)


def vasp_level(
    functional: Functional, protocol: str | Protocol, elements: Collection[str]
) -> LevelOfTheory:
    """Level of theory of VASP energies.

    Args:
        functional: ``pbe`` or ``r2scan``.
        protocol: Protocol, or its name.
        elements: Elements that the level is for.

    Returns:
        The level.

    Raises:
        MissingError: If the user's POTCARs are missing.
    """
    name = get_protocol(protocol).name
    config = _CONFIGS[functional]
    settings = {key: value for key, value in config["INCAR"].items() if not isinstance(value, dict)}
    return LevelOfTheory(
        code="vasp",
        # POTCARs and settings decide the energy; VASP's releases agree within the thresholds.
        version="any",
        functional=functional,
        protocol=name,
        pseudo_family=f"mp-{POTCAR_FUNCTIONAL[functional].lower().replace('_', '')}",
        pseudo_md5=potcar_hashes(elements, config["POTCAR"], POTCAR_FUNCTIONAL[functional]),
        settings={**settings, **INCAR_SETTINGS[name]},
    )
