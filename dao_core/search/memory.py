"""What a search asks of whatever remembers for it: what is done, what is known, put."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from pymatgen.core import Structure

from dao_core.crystal.reading import NamedStructure
from dao_core.search.records import Candidate, RelaxedCandidate


@dataclass(frozen=True)
class Done:
    """A finished piece of work.

    Attributes:
        outcome: What later work needs to know of it, JSON values.
        seconds: Wall time that it took.
        search_id: The search that did it.
    """

    outcome: Mapping[str, Any]
    seconds: float
    search_id: str | None


class SearchMemory(Protocol):
    """The memory of searches, shared by all that use it.

    A piece of work is known by a key that follows from its content alone
    (:func:`dao_core.hashing.content_id`). It is recorded last, after what it made, so that work
    whose record is missing is simply done again, to the same end.
    """

    def done(self, keys: Sequence[str]) -> dict[str, Done]:
        """The finished pieces of work among some keys."""

    def record(
        self, key: str, stage: str, outcome: Mapping[str, Any], seconds: float, search_id: str
    ) -> None:
        """Record a piece of work of a stage as done."""

    def together(self) -> AbstractContextManager[Any]:
        """A block of which all is kept or nothing."""

    def put_candidates(self, candidates: Sequence[Candidate], *search_ids: str) -> None:
        """Keep what was proposed, and by which searches."""

    def put_relaxed(self, relaxed: Sequence[RelaxedCandidate], *search_ids: str) -> None:
        """Keep relaxations, the crystals that they ended in, and the searches that used them."""

    def put_crystals(self, crystals: Sequence[Structure]) -> None:
        """Keep crystals that are no candidates."""

    def candidates(self, ids: Sequence[str]) -> list[Candidate]:
        """Candidates by their ids, in any order; those that are not known are left out."""

    def relaxed(self, ids: Sequence[str]) -> list[RelaxedCandidate]:
        """Relaxations by their ids, in any order; those that are not known are left out."""

    def known_relaxations(self, ids: Sequence[str]) -> set[str]:
        """Which of some ids of relaxations are known."""

    def converged_energies(self, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Formula and energy (eV/atom) of those of some relaxations that converged."""

    def phases(
        self, level: str, elements: Collection[str], search_id: str
    ) -> list[RelaxedCandidate]:
        """Converged relaxations that others than this search left at a level, the lowest first."""

    def labelled(self, anonymous_formula: str) -> list[tuple[str, Structure]]:
        """Ids and crystals with a label that does not call them unstable, sorted by id."""

    def stable(
        self, elements: Collection[str], above_hull: float, most_atoms: int, most: int
    ) -> dict[str, Structure]:
        """Compounds that labels call stable, the most stable of each formula, by id of the label.

        Args:
            elements: Of the system; its subsystems count too.
            above_hull: eV/atom above the hull of the source, at most.
            most_atoms: Of one crystal.
            most: Crystals.
        """

    def structures(self, ids: Sequence[str]) -> dict[str, Structure]:
        """Crystals by their ids; those that are not known are left out."""

    def returned(self, source: str, formulas: Collection[str]) -> list[str]:
        """Ids of candidates that a source returned to the search and that none has used, sorted."""

    def ends(self, ids: Sequence[str]) -> list[NamedStructure]:
        """Candidates by id, each as it was relaxed last."""

    def seen_before(
        self, formulas: Collection[str], search_id: str
    ) -> tuple[list[NamedStructure], list[NamedStructure]]:
        """Crystals known before a search began: those with a label, and those that are unproven."""
