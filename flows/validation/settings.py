"""How crystals are checked by DFT, validated, for the command line and for forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from dao_core.errors import InputError, MissingError
from dao_core.forms import FORM
from dao_core.search.request import MAX_PRESSURE
from dft_inputs.method import Method
from dft_inputs.pseudos import DEFAULT_FAMILY
from dft_inputs.running.codes import level_for, require_programs
from dft_inputs.running.request import Limits

STAGE = "dft"
"""Name of the checks in progress, funnel and failures."""
CAN_PASS = frozenset({"worker_died", "missing", "missing_program", "missing_pseudopotential"})
"""Reasons that lie with the machine, not with the crystal: worth another try."""
PACKAGES = ("jobflow", "custodian", "atomate2", "qeschema", "psutil")
"""What the extra ``dft`` installs and every DFT check needs."""


class DftSettings(BaseModel):
    """Settings of DFT checks.

    Attributes:
        code: Program: ``qe`` or ``vasp``.
        protocol: Accuracy.
        workflow: ``relax`` relaxes and ends with a static run; ``static`` leaves the crystal as is.
        functional: Functional of VASP; that of Quantum ESPRESSO is its pseudopotentials'.
        pseudos: Pseudopotential family of Quantum ESPRESSO.
        hubbard: Whether the table of Hubbard U values is applied.
        pressure: GPa; crystals and elements are relaxed under it, and the hull has enthalpies.
        core_hours: Budget; None for no limit.
        cores: Cores of this machine to be used at once; None for all.
        cores_each: Cores of one calculation; the program's command must ask for as many.
        memory: Memory to be used at once, GiB; None for no limit.
        walltime: Time limit of one run of the program, s; None for no limit.
    """

    model_config = FORM

    code: Literal["qe", "vasp"] = "qe"
    protocol: Literal["fast", "balanced", "stringent"] = "fast"
    workflow: Literal["relax", "static"] = "relax"
    functional: Literal["pbe", "r2scan"] = "pbe"
    pseudos: str = DEFAULT_FAMILY
    hubbard: bool = False
    pressure: float = Field(default=0.0, ge=0, le=MAX_PRESSURE, allow_inf_nan=False)
    core_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    cores: int | None = Field(default=None, ge=1)
    cores_each: int = Field(default=1, ge=1)
    memory: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    walltime: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    def method(self) -> Method:
        """The method of the DFT room."""
        return Method(
            code=self.code,
            protocol=self.protocol,
            workflow=self.workflow,
            functional=self.functional,
            hubbard=self.hubbard,
            pressure=self.pressure,
            pseudo_family=self.pseudos,
        )

    def level(self, elements: Sequence[str]) -> str:
        """Name of the level of the hull of a chemical system.

        Raises:
            MissingError: The program or what it needs is not on this machine.
        """
        return level_for(self.method(), elements, elements).name

    def limits(self, account: str) -> Limits:
        """The limits of the DFT room.

        Args:
            account: Name under which the core-hours are booked.

        Raises:
            InputError: One calculation asks for more cores than may be used.
        """
        given = {} if self.cores is None else {"cores": self.cores}
        return Limits(
            cores_each=self.cores_each,
            memory=self.memory,
            walltime=self.walltime,
            core_hours=self.core_hours,
            account=account,
            **given,
        )


def read_settings(given: Mapping[str, Any]) -> DftSettings:
    """Validate settings from a command line; None means not given.

    Raises:
        InputError: Names every mistake.
    """
    try:
        return DftSettings.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        lines = [f"--{str(e['loc'][0]).replace('_', '-')}: {e['msg']}" for e in error.errors()]
        raise InputError("; ".join(lines)) from error


def require_dft(settings: DftSettings) -> None:
    """Make sure that everything a check needs is on this machine.

    Raises:
        MissingError: A package, the program or its potentials are missing; with what to do.
        InputError: The pseudopotential family is unknown.
    """
    require_packages()
    require_programs(settings.method())


def require_packages() -> None:
    """Make sure that the packages of the extra ``dft`` are installed.

    Raises:
        MissingError: Some are not.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise MissingError(
            f"DFT checks need {', '.join(missing)}; install the extra: pip install '.[dft]'"
        )
