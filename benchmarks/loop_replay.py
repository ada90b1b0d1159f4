"""One rule on one pool, label by label."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from loop_pool_file import Pool
from numpy.typing import NDArray

from dao_core.learning.acquisition import Acquisition, HullSampling, LabelCandidates, choose
from dao_core.learning.label_cost import relaxation_cost, static_cost
from dao_core.learning.remaining import NEAR_HULL, StillToFind, still_to_find
from dao_core.learning.residual import Belief, Labels, believe
from dao_core.learning.sampled_hulls import drawn_heights
from dao_core.learning.statics import RELAXATIONS, STATICS, Drop, next_kind

Array = NDArray[np.float64]


@dataclass
class ByLabel:
    """What came of equally priced labels.

    Attributes:
        area: mean share of the wanted phases found, over the labels.
        coverage_50: share of the energies without a label inside the central half of belief.
        coverage_90: the same of the central nine tenths.
        left: what was believed to be left and what was, after each batch.
    """

    area: float
    coverage_50: float
    coverage_90: float
    left: list[tuple[StillToFind, int]]


@dataclass
class _State:
    """Labels so far, in their order."""

    relaxed: list[int] = field(default_factory=list)
    static: list[int] = field(default_factory=list)
    spent: float = 0.0


class Replay:
    """A rule that labels a pool from nothing."""

    def __init__(self, pool: Pool, rule: Acquisition, learns: bool, seed: int, batch: int) -> None:
        self._pool, self._rule, self._learns = pool, rule, learns
        self._seed, self._batch = seed, batch
        heights = drawn_heights(pool.traits.fractions, pool.truth[None])[0]
        self._wanted = heights <= NEAR_HULL
        self._prices = isinstance(rule, HullSampling)

    def by_label(self, labels: int) -> ByLabel:
        """Label so many crystals, or all."""
        state, inside, left = _State(), [], []
        while len(state.relaxed) < min(labels, len(self._pool)):
            belief = self._belief(state)
            if state.relaxed:
                inside.append(self._inside(belief))
            left.append((still_to_find(self._pool.traits.fractions, belief), self._left(belief)))
            size = min(self._batch, labels - len(state.relaxed))
            chosen = self._chosen(state, belief, size, np.ones(len(self._pool)), untouched=False)
            if not chosen:
                break
            state.relaxed += chosen
        found = np.cumsum(self._wanted[state.relaxed]) / max(1, self._wanted.sum())
        found = np.concatenate([found, np.full(labels - len(found), found[-1])])
        fifty, ninety = np.mean(inside, axis=0)
        return ByLabel(float(found.mean()), float(fifty), float(ninety), left)

    def at_cost(self, cost: float) -> float:
        """Share of the wanted phases found at the price of ``cost`` mean relaxations."""
        natoms, steps = self._pool.natoms, self._pool.steps
        real = np.array([relaxation_cost(int(n), s) for n, s in zip(natoms, steps, strict=True)])
        expected = np.array([relaxation_cost(int(n)) for n in natoms])
        single = np.array([static_cost(int(n)) for n in natoms])
        state, budget = _State(), cost * float(real.mean())
        statics = self._prices and bool(np.isfinite(self._pool.static).all())
        done: list[int] = []
        while state.spent < budget:
            untouched = len(state.static) + len(state.relaxed) < len(self._pool)
            kind = next_kind(len(state.static), len(state.relaxed), candidates=untouched)
            kind = kind if statics else "relaxation"
            price = single if kind == "static" else expected
            size = (STATICS if kind == "static" else RELAXATIONS) if statics else self._batch
            price = price if self._prices else np.ones(len(price))
            chosen = self._chosen(
                state, self._belief(state), size, price, untouched=kind == "static"
            )
            if not chosen:
                break
            for one in chosen:
                state.spent += single[one] if kind == "static" else real[one]
                if state.spent <= budget and kind == "relaxation":
                    done.append(one)
            (state.static if kind == "static" else state.relaxed).extend(chosen)
        return float(self._wanted[done].sum() / max(1, self._wanted.sum()))

    def _belief(self, state: _State) -> Belief:
        known = [i for i in state.static if i in state.relaxed]
        drop = Drop.seen([float(self._pool.static[i] - self._pool.truth[i]) for i in known])
        alone = [i for i in state.static if i not in state.relaxed]
        labels = Labels(
            np.array([*state.relaxed, *alone], dtype=int),
            np.array([*self._pool.truth[state.relaxed], *(self._pool.static[alone] - drop.mean)]),
            np.array([0.0] * len(state.relaxed) + [drop.spread] * len(alone)),
        )
        return believe(self._pool.traits, labels, learn=self._learns)

    def _chosen(
        self, state: _State, belief: Belief, size: int, price: Array, *, untouched: bool
    ) -> list[int]:
        free = np.ones(len(self._pool), dtype=bool)
        free[state.relaxed] = False
        if untouched:
            free[state.static] = False
        seen = LabelCandidates(
            self._pool.traits, belief, price, np.ones(len(free)), self._pool.fingerprints, free
        )
        return choose(self._rule, seen, size, self._seed + len(state.relaxed) + len(state.static))

    def _inside(self, belief: Belief) -> tuple[float, float]:
        """Share of the true energies without a label inside the intervals."""
        without = ~belief.labelled
        truth = self._pool.truth[without]
        shares = []
        for share in (0.5, 0.9):
            low, high = (end[without] for end in belief.interval(share))
            shares.append(float(((low <= truth) & (truth <= high)).mean()))
        return shares[0], shares[1]

    def _left(self, belief: Belief) -> int:
        return int((self._wanted & ~belief.labelled).sum())
