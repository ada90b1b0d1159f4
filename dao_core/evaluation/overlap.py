"""Overlap of a training set with a test set, by formula and by structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.evaluation.matching import LOOSE, Tolerances, match_pairs
from dao_core.evaluation.sets import Reference


@dataclass(frozen=True)
class OverlapAudit:
    """What of a test set the training set has seen.

    Attributes:
        same_formula: for each reference, whether its reduced formula occurs in the training set.
        same_structure: for each reference, whether a training structure matches it.
        undecided: ids of references with a pair that could not be compared; they count as seen.
    """

    same_formula: list[bool]
    same_structure: list[bool]
    undecided: list[str]

    @property
    def clean(self) -> list[int]:
        """Positions of the references that share no formula with the training set."""
        return [i for i, shared in enumerate(self.same_formula) if not shared]

    @property
    def formula_overlap(self) -> float:
        """Share of references whose formula was seen; 0 for an empty set."""
        return sum(self.same_formula) / max(1, len(self.same_formula))

    @property
    def structure_overlap(self) -> float:
        """Share of references whose structure was seen; 0 for an empty set."""
        return sum(self.same_structure) / max(1, len(self.same_structure))


def audit_overlap(
    training: Sequence[Structure],
    references: Sequence[Reference],
    tolerances: Tolerances = LOOSE,
    *,
    processes: int | None = None,
) -> OverlapAudit:
    """Look for every reference in the training set.

    Args:
        training: what a model was trained on.
        references: the test set.
        tolerances: what counts as the same structure.
        processes: worker processes for matching.
    """
    by_formula: dict[str, list[Structure]] = {}
    for structure in training:
        by_formula.setdefault(structure.composition.reduced_formula, []).append(structure)
    keys = [
        (i, seen)
        for i, reference in enumerate(references)
        for seen in by_formula.get(reference.formula, [])
    ]
    pairs = [(seen, references[i].structure) for i, seen in keys]
    same_structure = [False] * len(references)
    undecided: dict[str, None] = {}
    for (i, _), pair in zip(keys, match_pairs(pairs, tolerances, processes=processes), strict=True):
        if pair.failure:
            undecided[references[i].material_id] = None
        same_structure[i] |= pair.rmse is not None or pair.failure is not None
    return OverlapAudit(
        [reference.formula in by_formula for reference in references],
        same_structure,
        list(undecided),
    )
