"""What every source of candidates has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pymatgen.core import Structure

from dao_core.potentials import Potential
from dao_core.search.compositions import CompositionCell


@dataclass(frozen=True)
class Proposal:
    """A candidate before anything is known of it.

    Attributes:
        structure: with exactly the atoms of the cell that was asked for.
        origin: ``dao-g``, ``dao-g-guided``, ``dao-g-held``, ``template:<prototype>``, ``random``,
            ``perturbation:<kind>``, ``user:<file>``, ``soft-mode:<candidate>``.
        detail: plain JSON that makes the candidate again: checkpoint hash, seed, index ...
    """

    structure: Structure
    origin: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parent:
    """A relaxed crystal that is worth a second look.

    Attributes:
        identity: names it in the provenance of its children.
        structure: relaxed.
    """

    identity: str
    structure: Structure


class CandidateSource(Protocol):
    """Anything that proposes crystals of a given composition and cell size.

    Attributes:
        name: what requests, origins and reports call it.
        seconds_per_candidate: nominal time of one core for one candidate of ten atoms. What a
            search pays is counted with such constants and never with a clock, so that it decides
            the same way on every machine and every time.

    A source may also say ``opens = True``: its first candidates of a cell are the kinds of crystals
    that it is likely to take, so that a search begins with them. One with ``checkpoint_hash`` or
    ``variant`` gives ids of its own to what another model or variant proposes; one with
    ``max_atoms`` knows no larger cells. Packages offer sources, made without arguments, under the
    entry point ``dao.sources``.
    """

    name: str
    seconds_per_candidate: float

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Up to ``n`` candidates, the most promising first, the same for the same arguments.

        Args:
            cell: composition, exact.
            n: number of candidates; a source may have fewer.
            seed: of whatever is random in the source.
            first: how many candidates of this cell and seed were asked for before; these are
                passed over.
        """
        ...


class BredSource(CandidateSource, Protocol):
    """A source whose candidates are children of the best minima so far."""

    def __init__(self, parents: Sequence[Parent], potential: Potential) -> None: ...

    @staticmethod
    def breeds(natoms: int, parent: int) -> bool:
        """Whether a parent of so many atoms has children of ``natoms``."""
        ...
