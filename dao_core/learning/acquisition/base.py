"""What a rule sees, and how a batch is chosen by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dao_core.crystal.fingerprint import fingerprint_distance
from dao_core.learning.residual import Belief
from dao_core.learning.traits import Traits
from dao_core.search.selection import ALIKE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LabelCandidates:
    """Crystals of one chemical system, some of which may be labelled next.

    Attributes:
        traits: what the surrogate says of each.
        belief: what labels so far make of that.
        cost: ``[N]`` expected price of a label, in any unit.
        worth: ``[N]`` the user's weight: less for what was known before.
        fingerprints: of each crystal, to tell near repeats.
        open: ``[N]`` whether a crystal may be chosen.
    """

    traits: Traits
    belief: Belief
    cost: Array
    worth: Array
    fingerprints: Sequence[Array]
    open: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.traits)


class Acquisition(Protocol):
    """A rule that says how much a label of each crystal is worth.

    Attributes:
        name: what records and reports call it.
        spreads: whether the value of a crystal is divided by one more than the number of crystals
            of its composition in the batch.
    """

    name: str
    spreads: bool

    def scores(self, candidates: LabelCandidates, seed: int) -> Array:
        """The value of each crystal, ``[N]``; the highest is labelled first.

        Args:
            candidates: all crystals, also those that may not be chosen.
            seed: of whatever is random in the rule.
        """
        ...


def choose(rule: Acquisition, candidates: LabelCandidates, number: int, seed: int = 0) -> list[int]:
    """Positions of the next batch, the most valuable first.

    A near repeat of a crystal that is chosen or labelled is passed over. Equal values keep their
    order.

    Args:
        rule: what they are worth.
        candidates: what there is.
        number: size of the batch.
        seed: of whatever is random in the rule.
    """
    value = rule.scores(candidates, seed)
    formulas = [tuple(row) for row in candidates.traits.fractions.round(9).tolist()]
    taken: Counter[tuple[float, ...]] = Counter()
    chosen: list[int] = []
    left = np.flatnonzero(candidates.open).tolist()
    settled = np.flatnonzero(candidates.belief.labelled).tolist()
    while left and len(chosen) < number:
        best = max(
            left, key=lambda i: (_spread(float(value[i]), taken[formulas[i]], rule.spreads), -i)
        )
        left.remove(best)
        rivals = [i for i in (*settled, *chosen) if formulas[i] == formulas[best]]
        if any(_alike(candidates, best, rival) for rival in rivals):
            continue
        chosen.append(best)
        taken[formulas[best]] += 1
    return chosen


def _spread(value: float, taken: int, spreads: bool) -> float:
    return value / (1 + taken) if spreads else value


def _alike(candidates: LabelCandidates, first: int, second: int) -> bool:
    one, other = candidates.fingerprints[first], candidates.fingerprints[second]
    return fingerprint_distance(one, other) <= ALIKE
