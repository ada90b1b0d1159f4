"""Where structure prediction fails: match rates by size, chemistry and symmetry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from pymatgen.symmetry.groups import sg_symbol_from_int_number

from dao_core.crystal.symmetry import space_group_number
from dao_core.evaluation.evaluate import BenchmarkResult
from dao_core.evaluation.scores import lowest_energy
from dao_core.evaluation.sets import Reference

SIZES = (2, 4, 8, 12, 16, 20, 30, 40, 52)
"""Upper ends of the classes of atoms per cell."""
SYSTEMS = (
    (2, "triclinic"), (15, "monoclinic"), (74, "orthorhombic"), (142, "tetragonal"),
    (167, "trigonal"), (194, "hexagonal"), (230, "cubic"),
)  # fmt: skip
"""Highest space group number of each crystal system."""
MIN_REFERENCES = 5
"""Elements and space groups with fewer references say nothing and are left out."""


@dataclass(frozen=True)
class BreakdownRow:
    """Match rates of one class of references, averaged over seeds.

    Attributes:
        by: what divides the references, e.g. ``atoms``.
        group: the class.
        n: references.
        first: share matched by its first sample.
        any: share matched by any sample.
        ranked: share matched by the sample of lowest energy, None without energies.
    """

    by: str
    group: str
    n: int
    first: float
    any: float
    ranked: float | None


def breakdown(
    references: Sequence[Reference], results: Sequence[BenchmarkResult]
) -> list[BreakdownRow]:
    """Match rates by atoms per cell, number of elements, crystal system, space group, element.

    Args:
        references: the set.
        results: one for each seed, of one stage.
    """
    numbers = [space_group_number(reference.structure) for reference in references]
    divisions: dict[str, Callable[[int], Iterable[str]]] = {
        "atoms": lambda i: [size_class(len(references[i].structure))],
        "elements": lambda i: [str(len(references[i].structure.elements))],
        "crystal system": lambda i: [crystal_system(numbers[i])],
        "space group": lambda i: [f"{sg_symbol_from_int_number(numbers[i])} ({numbers[i]})"],
        "element": lambda i: [element.symbol for element in references[i].structure.elements],
    }
    rows: list[BreakdownRow] = []
    for by, groups_of in divisions.items():
        members: dict[str, list[int]] = defaultdict(list)
        for i in range(len(references)):
            for group in groups_of(i):
                members[group].append(i)
        few = MIN_REFERENCES if by in ("space group", "element") else 1
        found = [_row(by, g, rows_, results) for g, rows_ in members.items() if len(rows_) >= few]
        rows += sorted(found, key=_order)
    return rows


def size_class(natoms: int) -> str:
    """The class of a cell of so many atoms, e.g. ``5-8``."""
    low = 1
    for high in SIZES:
        if natoms <= high:
            return f"{low}-{high}"
        low = high + 1
    return f"{low}-"


def crystal_system(number: int) -> str:
    """Crystal system of a space group number."""
    return next(name for highest, name in SYSTEMS if number <= highest)


def _row(
    by: str, group: str, members: Sequence[int], results: Sequence[BenchmarkResult]
) -> BreakdownRow:
    first, any_, ranked = [], [], []
    for result in results:
        for i in members:
            rows = result.rows[i]
            first.append(bool(rows) and rows[0].rmse is not None)
            any_.append(any(row.rmse is not None for row in rows))
            if any(row.energy_per_atom is not None for row in rows):
                best = lowest_energy(rows)
                ranked.append(best is not None and best.rmse is not None)
    return BreakdownRow(
        by, group, len(members), fmean(first), fmean(any_), fmean(ranked) if ranked else None
    )


def _order(row: BreakdownRow) -> tuple[float, str]:
    """Classes of size and systems in their order, space groups and elements the worst first."""
    if row.by == "crystal system":
        return [name for _, name in SYSTEMS].index(row.group), ""
    if row.by in ("space group", "element"):
        return row.any, row.group
    return int(row.group.split("-")[0]), ""
