"""A search memory that lasts as long as the process: for notebooks, tests and benchmarks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.crystal.reading import NamedStructure
from dao_core.search.memory import Done
from dao_core.search.records import Candidate, RelaxedCandidate


class InMemory:
    """Implements :class:`dao_core.search.memory.SearchMemory` in dictionaries."""

    def __init__(self) -> None:
        self._done: dict[str, Done] = {}
        self._crystals: dict[str, Structure] = {}
        self._candidates: dict[str, Candidate] = {}
        self._relaxed: dict[str, RelaxedCandidate] = {}
        self._searches: dict[str, set[str]] = {}

    def done(self, keys: Sequence[str]) -> dict[str, Done]:
        """The finished pieces of work among some keys."""
        return {key: self._done[key] for key in keys if key in self._done}

    def record(
        self, key: str, stage: str, outcome: Mapping[str, Any], seconds: float, search_id: str
    ) -> None:
        """Record a piece of work as done."""
        del stage
        self._done[key] = Done(dict(outcome), seconds, search_id)

    def together(self) -> AbstractContextManager[Any]:
        """Nothing can be lost half-way that the process would outlive."""
        return nullcontext()

    def put_candidates(self, candidates: Sequence[Candidate], *search_ids: str) -> None:
        """Keep what was proposed."""
        del search_ids
        self._candidates |= {candidate.candidate_id: candidate for candidate in candidates}

    def put_relaxed(self, relaxed: Sequence[RelaxedCandidate], *search_ids: str) -> None:
        """Keep relaxations."""
        for one in relaxed:
            self._relaxed[one.relaxation_id] = one
            self._searches.setdefault(one.relaxation_id, set()).update(search_ids)

    def put_crystals(self, crystals: Sequence[Structure]) -> None:
        """Keep crystals that are no candidates."""
        self._crystals |= {structure_id(crystal): crystal for crystal in crystals}

    def candidates(self, ids: Sequence[str]) -> list[Candidate]:
        """Candidates by their ids."""
        return [self._candidates[key] for key in ids if key in self._candidates]

    def relaxed(self, ids: Sequence[str]) -> list[RelaxedCandidate]:
        """Relaxations by their ids."""
        return [self._relaxed[key] for key in ids if key in self._relaxed]

    def known_relaxations(self, ids: Sequence[str]) -> set[str]:
        """Which of some ids of relaxations are known."""
        return self._relaxed.keys() & set(ids)

    def converged_energies(self, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Formula and energy of those of some relaxations that converged."""
        return [
            (one.formula, one.energy_per_atom)
            for one in self.relaxed(ids)
            if one.converged and one.energy_per_atom is not None
        ]

    def phases(
        self, level: str, elements: Collection[str], search_id: str
    ) -> list[RelaxedCandidate]:
        """Converged relaxations that other searches left at a level, the lowest first."""
        found = [
            (one.energy_per_atom, key, one)
            for key, one in self._relaxed.items()
            if one.level == level
            and one.converged
            and one.energy_per_atom is not None
            and search_id not in self._searches[key]
            and (crystal := one.to_pymatgen()) is not None
            and set(crystal.symbol_set) <= set(elements)
        ]
        return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]

    def labelled(self, anonymous_formula: str) -> list[tuple[str, Structure]]:
        """None: nothing here has a label."""
        del anonymous_formula
        return []

    def stable(
        self, elements: Collection[str], above_hull: float, most_atoms: int, most: int
    ) -> dict[str, Structure]:
        """None: nothing here has a label."""
        del elements, above_hull, most_atoms, most
        return {}

    def structures(self, ids: Sequence[str]) -> dict[str, Structure]:
        """Crystals by their ids."""
        wanted = set(ids)
        kept = {key: crystal for key, crystal in self._crystals.items() if key in wanted}
        return kept | {
            one.structure_id: crystal
            for one in self._relaxed.values()
            if one.structure_id in wanted and (crystal := one.to_pymatgen()) is not None
        }

    def returned(self, source: str, formulas: Collection[str]) -> list[str]:
        """None: what returns to a search lies in a store."""
        del source, formulas
        return []

    def ends(self, ids: Sequence[str]) -> list[NamedStructure]:
        """Candidates by id, each as it was relaxed last."""
        last = {one.candidate_id: one for one in self._relaxed.values()}
        return [
            NamedStructure(key, crystal)
            for key in ids
            if key in last and (crystal := last[key].to_pymatgen()) is not None
        ]

    def seen_before(
        self, formulas: Collection[str], search_id: str
    ) -> tuple[list[NamedStructure], list[NamedStructure]]:
        """What other searches left here, none of which has a label."""
        return [], [
            NamedStructure(f"memory {one.structure_id}", crystal)
            for key, one in self._relaxed.items()
            if one.formula in formulas
            and search_id not in self._searches[key]
            and (crystal := one.to_pymatgen()) is not None
        ]
