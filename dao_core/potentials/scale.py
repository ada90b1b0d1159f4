"""Energy scales: which zero the energies of a level are counted from.

The Materials Project mixes PBE and PBE+U and corrects compounds by their anions and by the metals
that have a U, so that formation energies fit (MP2020: Wang et al., Scientific Reports 11, 15496,
2021). DAO-P and CHGNet learned corrected energies. SevenNet and others learned the raw ones, of
which compounds and elements do not fit together: ``corrected`` puts these onto the scale MP2020,
and their level says so. Energies of two scales never meet, because their levels differ.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from pymatgen.analysis.structure_analyzer import oxide_type, sulfide_type
from pymatgen.core import Composition, Structure
from pymatgen.entries.compatibility import MaterialsProject2020Compatibility
from pymatgen.entries.computed_entries import ComputedEntry
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import (
    Domain,
    Evaluation,
    Potential,
    energies_of,
    structures_or_errors,
)

SUFFIX = "+mp2020"
_LEARNED_CORRECTED = ("dao-p@", "chgnet-")
"""How levels begin whose potentials learned corrected energies."""
_PEROXIDE_SLACK = 1.05
"""Bond lengths up to this factor count, as MP2020 itself does."""


@dataclass(frozen=True)
class Correction:
    """What MP2020 adds to the energy of a crystal.

    Attributes:
        energy_per_atom: eV/atom.
        std: eV/atom, standard error of the fit to experiment.
    """

    energy_per_atom: float
    std: float


def is_mp2020(level: str) -> bool:
    """Whether the energies of a level are on the scale MP2020.

    Args:
        level: its name.
    """
    return level.startswith(_LEARNED_CORRECTED) or SUFFIX in level


def mp2020_correction(structure: Structure) -> Correction:
    """What MP2020 adds to a raw PBE or PBE+U energy of a crystal.

    It depends on the composition and, for O and S, on which bonds these have among themselves.
    Transition metals of oxides and fluorides are taken to have the U of the Materials Project, as
    in the data that potentials learned from.

    Args:
        structure: the crystal.
    """
    elements = {element.symbol for element in structure.elements}
    if len(elements) == 1:
        return Correction(0.0, 0.0)
    oxygen = oxide_type(structure, _PEROXIDE_SLACK) if "O" in elements else ""
    sulfur = (sulfide_type(structure) or "") if "S" in elements else ""
    return _of_kind(structure.composition.reduced_formula, oxygen, sulfur)


@lru_cache(maxsize=4096)
def _of_kind(formula: str, oxygen: str, sulfur: str) -> Correction:
    """The correction of all crystals of a formula with one kind of oxygen and sulfur."""
    scheme = MaterialsProject2020Compatibility(check_potcar=False)
    composition = Composition(formula)
    most_electronegative = max(composition.elements, key=lambda element: element.X).symbol
    table = scheme.u_settings.get(most_electronegative, {})
    hubbards = {e.symbol: table[e.symbol] for e in composition.elements if e.symbol in table}
    entry = ComputedEntry(
        composition,
        0.0,
        parameters={"run_type": "GGA+U" if hubbards else "GGA", "hubbards": hubbards},
        data={"oxide_type": oxygen, "sulfide_type": sulfur},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oxidation states that cannot be guessed have a rule
        adjustments = scheme.get_adjustments(entry)
    atoms = composition.num_atoms
    return Correction(
        sum(one.value for one in adjustments) / atoms,
        sum(one.uncertainty**2 for one in adjustments) ** 0.5 / atoms,
    )


class Mp2020Potential:
    """A potential that learned raw energies of the Materials Project, on the scale MP2020.

    Forces and stresses stay as they are: a correction does not change while atoms move, unless
    bonds among O or S form or break. ``raw`` is what relaxations follow for that reason.
    """

    def __init__(self, raw: Potential) -> None:
        self.raw = raw

    @property
    def level(self) -> str:
        """Level of the raw energies, and the scale."""
        return f"{self.raw.level}{SUFFIX}"

    @property
    def domain(self) -> Domain:
        """That of the raw potential."""
        return self.raw.domain

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Corrected energies (eV per cell), forces (eV/angstrom) and stresses (eV/angstrom^3)."""
        found = self.raw.evaluate(batch)
        return replace(found, energy=found.energy + _corrections(batch).to(found.energy))

    def energies(self, batch: CrystalBatch) -> Tensor:
        """Corrected energies alone, ``[B]`` eV per cell."""
        found = energies_of(self.raw, batch)
        return found + _corrections(batch).to(found)


def _corrections(batch: CrystalBatch) -> Tensor:
    """Corrections of all crystals, ``[B]`` eV per cell; zero for what is no crystal."""
    structures, _ = structures_or_errors(batch)
    values = torch.zeros(len(batch.mask), dtype=torch.float64)
    for row, structure in structures.items():
        values[row] = mp2020_correction(structure).energy_per_atom * len(structure)
    return values
