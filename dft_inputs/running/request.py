"""What is asked for: one crystal at one level, and the limits within which it is computed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import platformdirs
from pymatgen.core import Structure

from dft_inputs.canonical import structure_hash
from dft_inputs.errors import InputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import Protocol, get_protocol
from dft_inputs.pseudos import DEFAULT_FAMILY, load_family
from dft_inputs.qe.program import pw_command, pw_version

Code = Literal["qe", "vasp"]
Workflow = Literal["static", "relax", "electrons"]


def validations_root() -> Path:
    """Folder of all calculations: ``validations`` in ``DAO_HOME``."""
    home = os.environ.get("DAO_HOME") or platformdirs.user_data_dir("dao")
    return Path(home) / "validations"


@dataclass(frozen=True)
class Method:
    """How crystals are computed; equal methods give comparable energies.

    Attributes:
        code: Program.
        protocol: Protocol, or its name.
        workflow: ``relax`` relaxes until the volume settles and ends with a static run;
            ``electrons`` leaves the crystal as it is and interprets its electrons.
        pseudo_family: Pseudopotential family of Quantum ESPRESSO.
        functional: Functional of VASP, ``pbe`` or ``r2scan``; that of Quantum ESPRESSO is its
            family's.
        spin: Whether open shells start from high spin.
        hubbard: Whether the table of Hubbard U values is applied.
        pressure: Target pressure, GPa.
        command: Command that runs the program; None for the default of the code.
    """

    code: Code = "qe"
    protocol: str | Protocol = "balanced"
    workflow: Workflow = "relax"
    pseudo_family: str = DEFAULT_FAMILY
    functional: Literal["pbe", "r2scan"] = "pbe"
    spin: bool = True
    hubbard: bool = False
    pressure: float = 0.0
    command: str | None = None

    def require_programs(self) -> None:
        """Make sure that the program and its potentials are on this machine.

        Raises:
            InputError: If the code, the protocol or the family is unknown.
            MissingError: If something is not there; with what to do.
        """
        get_protocol(self.protocol)
        if self.code == "vasp":
            from dft_inputs.vasp.program import require_vasp  # noqa: PLC0415  atomate2: seconds

            require_vasp(self.command)
            return
        self._require_known_code()
        pw_version(self.command or pw_command())
        load_family(self.pseudo_family)

    def _require_known_code(self) -> None:
        if self.code not in get_args(Code):
            raise InputError(f"There is no DFT code '{self.code}'. Choose qe or vasp.")

    def level(self, elements: Collection[str], system: Collection[str]) -> LevelOfTheory:
        """Level of theory, after checking that everything it needs is there.

        Args:
            elements: Elements that the level is restricted to.
            system: Elements of the hull, whose cutoffs are taken.

        Returns:
            The level.

        Raises:
            InputError: If the code or the protocol is unknown.
            MissingError: If the program, the family or an element of it is missing.
        """
        get_protocol(self.protocol)
        if self.code == "vasp":
            from dft_inputs.vasp.makers import vasp_level  # noqa: PLC0415  atomate2 takes seconds

            return vasp_level(self, elements)
        self._require_known_code()
        from dft_inputs.qe.flow import generator_for, version_for  # noqa: PLC0415  with jobflow

        generator = generator_for(self, tuple(sorted(system)))
        return generator.level(elements, load_family(self.pseudo_family), version_for(self))


@dataclass(frozen=True)
class Limits:
    """Within which limits calculations run.

    Attributes:
        cores: Cores of the machine that may be used at once.
        cores_each: Cores of one calculation; the command must ask for as many.
        memory: Memory that may be used at once, GiB; None for what is free at the start.
        walltime: Time limit of one run of the program, s.
        core_hours: Budget of the account; None for no limit.
        account: Name under which core-hours are booked, such as a campaign.
    """

    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    cores_each: int = 1
    memory: float | None = None
    walltime: float | None = None
    core_hours: float | None = None
    account: str = "default"

    def __post_init__(self) -> None:
        if not 1 <= self.cores_each <= self.cores:
            raise InputError(f"One calculation cannot use {self.cores_each} of {self.cores} cores.")


@dataclass(frozen=True)
class CalculationRequest:
    """One crystal to be computed.

    Attributes:
        structure: Crystal.
        method: How.
        chemical_system: Elements of the hull that the energy is meant for.
        level: Level of theory of the energy, restricted to the crystal's elements.
    """

    structure: Structure
    method: Method
    chemical_system: tuple[str, ...]
    level: LevelOfTheory

    @cached_property
    def key(self) -> str:
        """Name of the calculation: the same crystal at the same level has the same."""
        level = self.level.fingerprint()
        content = f"{structure_hash(self.structure)} {level} {self.method.workflow}"
        return hashlib.sha256(content.encode()).hexdigest()[:20]
