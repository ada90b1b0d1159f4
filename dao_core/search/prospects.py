"""How near to the hull compositions are or seem, and which of them is relaxed next."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pymatgen.core import Composition

from dao_core.hull import PhaseEntry, energies_above_hull

GAP = 0.05
"""eV/atom above the hull over which interest in a composition falls to 1/e, nothing in doubt."""
ONE_SHOT_DOUBT = 0.2
"""eV/atom: what relaxation may bring to the best of some proposals; a choice."""
CURIOSITY = 0.1
"""Interest in a composition far above the hull."""


@dataclass(frozen=True)
class Prospect:
    """What is known or guessed of the best crystal of a composition.

    Attributes:
        above_hull: eV/atom; None where an element has no energy.
        doubt: eV/atom by which this may be wrong.
    """

    above_hull: float | None
    doubt: float

    @property
    def nearness(self) -> float:
        """1 on the hull (or where there is none), falling the more slowly the more is in doubt."""
        return math.exp(-(self.above_hull or 0.0) / (GAP + self.doubt))


@dataclass(frozen=True)
class Lowest:
    """The lowest energy of a composition.

    Attributes:
        energy: eV/atom.
        doubt: uncertainty of the potential, eV/atom.
    """

    energy: float
    doubt: float = 0.0


def prospects(
    relaxed: Mapping[str, Lowest],
    screened: Mapping[str, float],
    level: str,
    competing: Sequence[PhaseEntry] = (),
) -> dict[str, Prospect]:
    """Prospects of all compositions on one hull: relaxed energies where there are, else one-shot.

    Args:
        relaxed: best relaxed crystal of each reduced formula.
        screened: lowest one-shot energy of each reduced formula, eV/atom.
        level: of all energies.
        competing: further phases of the hull.
    """
    lowest = {f: Lowest(e, ONE_SHOT_DOUBT) for f, e in screened.items()} | dict(relaxed)
    entries = [PhaseEntry(Composition(f), low.energy, level) for f, low in lowest.items()]
    above = energies_above_hull(entries, competing)
    return {
        formula: Prospect(height, low.doubt)
        for (formula, low), height in zip(lowest.items(), above, strict=True)
    }


class Turns:
    """Whose candidate is relaxed next: compositions near the hull more often, every one at times.

    Turns in proportion to interest (D'Hondt's highest averages), those of earlier rounds counted.
    """

    def __init__(self, known: Mapping[str, Prospect], given: Mapping[str, int]) -> None:
        """Begin.

        Args:
            known: prospects by reduced formula.
            given: turns that compositions have had.
        """
        self._known = known
        self._given = dict(given)

    def next(self, formulas: Collection[str]) -> str:
        """The formula whose turn it is; equal ones in alphabetical order."""
        return min(sorted(formulas), key=lambda formula: -self._average(formula))

    def give(self, formula: str) -> None:
        """Count a turn that was used."""
        self._given[formula] = self._given.get(formula, 0) + 1

    def _average(self, formula: str) -> float:
        prospect = self._known.get(formula)
        interest = CURIOSITY + (1.0 if prospect is None else prospect.nearness)
        return interest / (1 + self._given.get(formula, 0))
