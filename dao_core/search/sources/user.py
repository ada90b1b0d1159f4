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
    """Structures that were read from files, each in the cell of its own size."""

    name = "user"

    def __init__(self, structures: Sequence[NamedStructure]) -> None:
        self._primitive = [
            NamedStructure(named.source, standard_primitive(named.structure, SYMPREC))
            for named in structures
        ]

    def propose(self, cell: CompositionCell, n: int, seed: int) -> list[Proposal]:
        """The structures with exactly the atoms of the cell, in the order of the files.

        Args:
            cell: composition of the primitive cell.
            n: at most this many.
            seed: only kept in the provenance; nothing here is random.
        """
        fitting = [
            named for named in self._primitive if named.structure.composition == cell.composition
        ]
        return [
            Proposal(named.structure, f"user:{named.source}", {"file": named.source, "seed": seed})
            for named in fitting[:n]
        ]
