"""Formulas with several known crystals: which of them are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dao_core.crystal.symmetry import space_group_of
from dao_core.evaluation.evaluate import BenchmarkResult
from dao_core.evaluation.matching import match_pairs
from dao_core.evaluation.sets import Reference

MAX_ENTRIES = 40
"""A formula with more entries (Carbon-24: all of them) is a landscape, not a row of a table."""


@dataclass(frozen=True)
class Polymorph:
    """One known crystal of a formula.

    Attributes:
        material_ids: entries of the set that are this crystal.
        space_group: symbol.
        natoms: atoms per cell of the first entry.
        found: share of seeds in which any sample of the formula matches it.
    """

    material_ids: list[str]
    space_group: str
    natoms: int
    found: float


@dataclass(frozen=True)
class PolymorphRow:
    """A formula with at least two entries.

    Attributes:
        formula: reduced formula.
        polymorphs: its different crystals; entries that match each other are one.
        recall: mean of ``found``.
    """

    formula: str
    polymorphs: list[Polymorph]
    recall: float


def polymorph_table(
    references: Sequence[Reference],
    results: Sequence[BenchmarkResult],
    processes: int | None = None,
) -> list[PolymorphRow]:
    """Every formula of the set with at least two entries (and at most ``MAX_ENTRIES``), by name.

    Args:
        references: the set.
        results: one for each seed, of one stage.
        processes: workers for matching entries with each other.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for i, reference in enumerate(references):
        members[reference.formula].append(i)
    several = {
        formula: rows for formula, rows in sorted(members.items()) if 1 < len(rows) <= MAX_ENTRIES
    }
    same = _same(references, several.values(), processes)
    table = []
    for formula, rows in several.items():
        groups: list[list[int]] = []
        for i in rows:
            home = next((group for group in groups if (group[0], i) in same), None)
            if home is None:
                groups.append([i])
            else:
                home.append(i)
        polymorphs = [_polymorph(group, references, results) for group in groups]
        recall = sum(polymorph.found for polymorph in polymorphs) / len(polymorphs)
        table.append(PolymorphRow(formula, polymorphs, recall))
    return table


def _same(
    references: Sequence[Reference], groups: Iterable[Sequence[int]], processes: int | None
) -> set[tuple[int, int]]:
    """Pairs of entries of one formula that are the same crystal."""
    keys = [(i, j) for rows in groups for n, i in enumerate(rows) for j in rows[n + 1 :]]
    pairs = [(references[i].structure, references[j].structure) for i, j in keys]
    found = match_pairs(pairs, processes=processes)
    return {key for key, pair in zip(keys, found, strict=True) if pair.rmse is not None}


def _polymorph(
    group: Sequence[int], references: Sequence[Reference], results: Sequence[BenchmarkResult]
) -> Polymorph:
    found = [any(result.pool[i] for i in group) for result in results]
    first = references[group[0]]
    return Polymorph(
        [references[i].material_id for i in group],
        space_group_of(first.structure)[0],
        len(first.structure),
        sum(found) / len(found) if found else 0.0,
    )
