"""Pieces of work of a search: small, fit to travel, each known by its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dao_core.hashing import content_id
from dao_core.search import proposing, relaxation, screening
from dao_core.search.budget import SECONDS_PER_ATOM_STEP
from dao_core.search.records import Candidate
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share
from dao_core.search.source_registry import price

STEPS = 60
"""Nominal length of a relaxation."""


class Piece(Protocol):
    """Something that can be done in a task and told of."""

    @property
    def stage(self) -> str:
        """The stage of the funnel that it belongs to."""

    @property
    def verb(self) -> str:
        """What is done, in one word."""

    @property
    def key(self) -> str:
        """Content id; equal work has the same."""

    @property
    def items(self) -> int:
        """How many candidates it is about."""

    def do(self, search: Any) -> None:
        """Do what is missing of it and keep the outcome."""


@dataclass(frozen=True)
class Propose:
    """Ask a source for its candidates of some cells.

    Attributes:
        shares: What it is asked for.
        stage: The stage of the funnel that the work belongs to.
        verb: What is done, in one word.
    """

    shares: tuple[Share, ...]
    stage = proposing.STAGE
    verb = "propose"

    @property
    def key(self) -> str:
        """Content id of the shares."""
        return content_id(self.verb, [share.key for share in self.shares])

    @property
    def items(self) -> int:
        """Number of candidates."""
        return sum(share.n for share in self.shares)

    @property
    def cost(self) -> float:
        """Nominal seconds of one core."""
        return sum(price(share.source) * share.n * share.natoms / 10 for share in self.shares)

    def do(self, search: SearchSetup) -> None:
        """Propose the candidates."""
        proposing.propose(search, self.shares)


@dataclass(frozen=True)
class _OfCandidates:
    """Work on a batch of candidates.

    Attributes:
        ids: Of the candidates, in the order of the batch.
        natoms: Atoms of all.
        key: Content id of the batch.
    """

    ids: tuple[str, ...]
    natoms: int
    key: str

    @property
    def items(self) -> int:
        """Number of candidates."""
        return len(self.ids)

    def batch(self, search: SearchSetup) -> list[Candidate]:
        """The candidates, in the order of the batch."""
        found = {one.candidate_id: one for one in search.memory.candidates(self.ids)}
        return [found[key] for key in self.ids]


@dataclass(frozen=True)
class Screen(_OfCandidates):
    """Evaluate one energy of each candidate of a batch as it was proposed."""

    stage = screening.STAGE
    verb = "screen"

    @classmethod
    def of(cls, batch: Sequence[Candidate], level: str) -> Screen:
        """The screening of a batch at a level."""
        return cls(*_told(batch), screening.batch_key(level, batch))

    @property
    def cost(self) -> float:
        """Nominal seconds of one core."""
        return self.natoms * SECONDS_PER_ATOM_STEP

    def do(self, search: SearchSetup) -> None:
        """Screen the batch."""
        screening.screen(search, self.batch(search))


@dataclass(frozen=True)
class Relax(_OfCandidates):
    """Relax a batch of candidates to the standard of the tiers before its own.

    Attributes:
        best: Lowest energy of each reduced formula in earlier rounds, eV/atom.
        before: Ids of the relaxations of the tiers before.
    """

    best: Mapping[str, float]
    before: tuple[str, ...]
    stage = relaxation.STAGE
    verb = "relax"

    @classmethod
    def of(
        cls,
        batch: Sequence[Candidate],
        conditions: relaxation.Conditions,
        best: Mapping[str, float],
        before: Sequence[str],
    ) -> Relax:
        """The relaxation of a batch under some conditions."""
        key = relaxation.batch_key(conditions, batch)
        return cls(*_told(batch), key, dict(best), tuple(before))

    @property
    def cost(self) -> float:
        """Nominal seconds of one core."""
        return self.natoms * SECONDS_PER_ATOM_STEP * STEPS

    def do(self, search: SearchSetup) -> None:
        """Relax what is missing of the batch."""
        relaxation.relax_batch(search, self.batch(search), self.best, self.before)


Work = Propose | Screen | Relax
"""All kinds; each has ``stage``, ``verb``, ``key``, ``items``, ``cost`` and ``do``."""


def _told(batch: Sequence[Candidate]) -> tuple[tuple[str, ...], int]:
    return tuple(one.candidate_id for one in batch), sum(one.nsites for one in batch)
