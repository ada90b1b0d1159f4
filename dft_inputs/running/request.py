"""What is asked for: one crystal at one level, and the limits within which it is computed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pymatgen.core import Structure

from dao_core.environment import dao_home
from dao_core.errors import InputError
from dao_core.hashing import text_hash
from dft_inputs.canonical import structure_hash
from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method


def validations_root() -> Path:
    """Folder of all calculations: ``validations`` in ``DAO_HOME``."""
    return dao_home() / "validations"


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
        return text_hash(content)
