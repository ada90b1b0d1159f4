"""Crystals for formulas as if nobody knew them: of some samples of DAO-G, the lowest by DAO-P."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pymatgen.core import Structure

from dao_core.evaluation.matching import match_pairs
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.training.records import read_crystals

SAMPLES = 5
"""Of each cell."""


@dataclass(frozen=True)
class Generated:
    """What was made for some crystals from their cells' compositions alone.

    Attributes:
        structures: the lowest of the samples of each.
        matched: share of the crystals whose lowest sample is the known crystal.
    """

    structures: list[Structure]
    matched: float


def generated_for(known: Sequence[Structure]) -> Generated:
    """Sample the composition of each crystal's primitive cell, relax, keep the lowest.

    A sample whose relaxation does not converge counts only where none of its formula does.
    """
    generator, potential = load_generator(), load_potential("dao-p")
    cells = [structure.get_primitive_structure() for structure in known]
    drawn = generator.generate([cell.composition for cell in cells], SAMPLES, beyond_domain=True)
    samples = [one.structure for one in drawn]
    ends = iter(relax(samples, potential, RelaxSettings()))
    best = [min(itertools.islice(ends, SAMPLES), key=_order).structure for _ in cells]
    pairs = match_pairs(list(zip(cells, best, strict=True)), processes=1)
    return Generated(best, sum(pair.rmse is not None for pair in pairs) / len(pairs))


def _order(end: Relaxation) -> tuple[bool, float]:
    """Converged ones first, the lowest first."""
    unknown = end.energy_per_atom is None
    return (not end.converged or unknown, 0.0 if unknown else float(end.energy_per_atom or 0.0))


def share_of_formulas_trained_on(formulas: Sequence[str], folder: Path) -> float:
    """Share of the formulas that the training set of DAO-G holds, whose files are in a folder."""
    card = load_generator().card
    files = [folder / name for name in card["train_files"]]
    crystals = read_crystals(files, int(card["max_atoms"])).crystals
    seen = {crystal.structure().composition.reduced_formula for crystal in crystals}
    return sum(formula in seen for formula in formulas) / len(formulas)
