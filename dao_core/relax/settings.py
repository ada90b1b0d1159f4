"""How far and under which conditions crystals are relaxed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from dao_core.errors import InputError


@dataclass(frozen=True)
class RelaxSettings:
    """Criteria and conditions of a relaxation.

    Attributes:
        max_steps: evaluations of the potential after the first, per crystal.
        fmax: converged when every force is at most this long, eV/angstrom ...
        smax: ... and no principal stress (pressure included) is larger, eV/angstrom^3.
        max_step: longest move of an atom, or of the cell per atom, in one step, angstrom.
        pressure: external pressure, GPa; the enthalpy is minimised.
        fix_symmetry: keep the space group that spglib finds at the start.
        fix_cell: relax the atoms only; the stress is no criterion then.
        fix_height: relax the cell within the plane of a and b only: a layer keeps its vacuum.
        batch_atoms: size of the batch that relaxes at once, padded atoms.

    Raises:
        InputError: a number is not finite or has the wrong sign.
    """

    max_steps: int = 300
    fmax: float = 0.05
    smax: float = 0.005
    max_step: float = 0.1
    pressure: float = 0.0
    fix_symmetry: bool = False
    fix_cell: bool = False
    fix_height: bool = False
    batch_atoms: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise InputError(f"relaxation: {field.name} is {value}; give a finite number")
        for name in ("fmax", "smax", "max_step", "batch_atoms"):
            if getattr(self, name) <= 0:
                raise InputError(f"relaxation: {name} is {getattr(self, name)}; it must be > 0")
        if self.max_steps < 0:
            raise InputError(f"relaxation: max_steps is {self.max_steps}; it must be >= 0")
