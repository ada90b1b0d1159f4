"""What a method means to VASP: its INCAR, its level of theory, and what both need."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pymatgen.io.vasp.sets import MPRelaxSet, MPScanRelaxSet

from dao_core.errors import InputError
from dft_inputs.hubbard import U_VALUES, hubbard_u
from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method
from dft_inputs.protocols import get_protocol
from dft_inputs.vasp.potcar import potcar_hashes
from dft_inputs.vasp.program import require_vasp

INCAR_SETTINGS: dict[str, dict[str, float]] = {
    "fast": {"KSPACING": 0.30, "EDIFF": 1e-4, "EDIFFG": -0.05},
    "balanced": {},
    "stringent": {"KSPACING": 0.15, "EDIFF": 1e-6, "EDIFFG": -0.01},
}
"""What a protocol changes in the settings of the Materials Project; ``balanced`` nothing."""

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
    if method.functional not in _CONFIGS or name not in INCAR_SETTINGS:
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


def require_programs(method: Method) -> None:
    """Make sure that VASP and the user's POTCARs are on this machine.

    Raises:
        MissingError: If something is not there; with what to do.
    """
    require_vasp(method.command)


def level_for(method: Method, elements: Collection[str], _system: Collection[str]) -> LevelOfTheory:
    """Level of theory of VASP energies.

    Args:
        method: How crystals are computed.
        elements: Elements that the level is for.
        _system: Elements of the hull; the cutoff of VASP is that of its settings.

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
