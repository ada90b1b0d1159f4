"""Candidates without any knowledge: random crystals of random space groups (PyXtal)."""

from __future__ import annotations

from dao_core.crystal.symmetry import space_group_number
from dao_core.search.compositions import CompositionCell
from dao_core.search.random_crystal import SYMPREC, RandomOrder, random_crystal
from dao_core.search.sources.base import Proposal
from dao_core.time_limits import map_within

SECONDS_PER_ATTEMPT = 5.0
"""PyXtal can look for positions for minutes where a space group leaves it little room."""
ROUNDS = 6
"""Rounds of attempts, each with one attempt for every candidate that is still missing."""


class RandomSymmetricSource:
    """Random space group, random Wyckoff positions, random lattice; exact primitive cells.

    Attributes:
        processes: worker processes; all cores by default.
    """

    name = "random"
    seconds_per_candidate = 0.1

    def __init__(self, processes: int | None = None) -> None:
        self.processes = processes

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """``n`` random crystals; fewer where the space groups leave no room for the atoms."""
        amounts = cell.composition.get_el_amt_dict()
        counts = tuple(sorted((symbol, round(amount)) for symbol, amount in amounts.items()))
        proposals: list[Proposal] = []
        # Attempts of another call with the same seed lie apart, however many of them failed.
        attempts = first * ROUNDS
        for _ in range(ROUNDS):
            missing = n - len(proposals)
            orders = [RandomOrder(counts, (seed, attempts + i)) for i in range(missing)]
            proposals.extend(self._proposals(orders))
            attempts += missing
        return proposals

    def _proposals(self, orders: list[RandomOrder]) -> list[Proposal]:
        """The crystals of those attempts that succeed."""
        outcomes = map_within(
            random_crystal, orders, seconds=SECONDS_PER_ATTEMPT, processes=self.processes
        )
        return [
            Proposal(
                outcome.value,
                self.name,
                {
                    "random_seed": list(order.seed),
                    "random_space_group": space_group_number(outcome.value, SYMPREC),
                },
            )
            for outcome, order in zip(outcomes, orders, strict=True)
            if outcome.value is not None
        ]
