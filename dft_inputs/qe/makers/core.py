"""The single jobs of pw.x: static, relaxation at fixed cell, relaxation of the cell, bands."""

from __future__ import annotations

from dataclasses import dataclass, field

from dft_inputs.qe.makers.base import BasePwMaker
from dft_inputs.qe.sets import PwInputGenerator


@dataclass
class StaticMaker(BasePwMaker):
    """Makes an scf with forces and stress at a fixed geometry."""

    name: str = "static"
    input_set_generator: PwInputGenerator = field(
        default_factory=lambda: PwInputGenerator(calculation="scf")
    )


@dataclass
class VcRelaxMaker(BasePwMaker):
    """Makes a relaxation of atoms and cell."""

    name: str = "vc-relax"
    input_set_generator: PwInputGenerator = field(
        default_factory=lambda: PwInputGenerator(calculation="vc-relax")
    )


@dataclass
class NonScfMaker(BasePwMaker):
    """Makes a calculation of bands from the charge density of a previous run."""

    name: str = "nscf"
    input_set_generator: PwInputGenerator = field(
        default_factory=lambda: PwInputGenerator(calculation="nscf", occupations="tetrahedra")
    )
