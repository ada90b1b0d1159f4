"""The user's own structures as candidates."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.crystal.reading import NamedStructure
from dao_core.crystal.symmetry import standard_primitive
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Proposal

SYMPREC = 0.01
"""Angstrom, for the primitive cell of what the user gave."""


class UserSource:
    """Structures that were read from files, each in its primitive cell."""

    name = "user"
    named_by = "file"
    seconds_per_candidate = 0.0

    def __init__(self, structures: Sequence[NamedStructure]) -> None:
        self._primitive = [
            NamedStructure(named.source, standard_primitive(named.structure, SYMPREC))
            for named in structures
        ]

    def cells(self) -> dict[CompositionCell, list[NamedStructure]]:
        """The cells that have structures, in the order of the files."""
        cells: dict[CompositionCell, list[NamedStructure]] = {}
        for named in self._primitive:
            cells.setdefault(_cell(named), []).append(named)
        return cells

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """The structures with exactly the atoms of the cell, in the order of the files.

        Args:
            cell: composition of the primitive cell.
            n: at most this many.
            seed: nothing here is random.
            first: passed over.
        """
        del seed
        fitting = [
            named for named in self._primitive if named.structure.composition == cell.composition
        ]
        return [
            Proposal(named.structure, f"{self.name}:{named.source}", {self.named_by: named.source})
            for named in fitting[first : first + n]
        ]


def _cell(named: NamedStructure) -> CompositionCell:
    composition = named.structure.composition
    formula, z = composition.get_reduced_formula_and_factor()
    # One atom of O2 is half a formula unit; such a cell is counted as one.
    return CompositionCell(formula, max(1, round(z)), composition, len(named.structure))
