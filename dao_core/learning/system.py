"""One chemical system as a surrogate sees it and as labels of one level correct it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.crystal.fingerprint import fingerprint
from dao_core.doubt.second_opinion import second_energies
from dao_core.learning.acquisition import Acquisition, HullSampling, LabelCandidates, choose
from dao_core.learning.formation import ElementEnergies, fractions
from dao_core.learning.label_cost import relaxation_cost
from dao_core.learning.remaining import DRAWS, NEAR_HULL, StillToFind, still_to_find
from dao_core.learning.residual import Belief, Labels, believe
from dao_core.learning.sampled_hulls import drawn_heights
from dao_core.learning.traits import LEAST_DOUBT, Traits, centred, disputes, pooled_features
from dao_core.predictor.potential import PredictorPotential
from dao_core.search.selection import KNOWN_VALUE

DOUBT = 0.06
"""eV/atom, of a surrogate that says nothing of its own: the mean error of universal potentials."""


@dataclass(frozen=True)
class SystemCrystal:
    """A compound of the system.

    Attributes:
        structure: relaxed by the surrogate.
        energy_per_atom: by the surrogate, eV/atom.
        energy_std: its own uncertainty, eV/atom, or None.
        novel: whether the crystal was not known before.
        label: energy at the level of the labels, eV/atom, or None.
        barred: whether it is not to be labelled, for example because that failed.
    """

    structure: Structure
    energy_per_atom: float
    energy_std: float | None = None
    novel: bool = True
    label: float | None = None
    barred: bool = False


@dataclass(frozen=True)
class CorrectedHeight:
    """Where a crystal lies at the level of the labels, as is believed.

    Attributes:
        energy_above_hull: eV/atom, mean over sampled hulls.
        std: standard deviation, eV/atom.
        chance: of lying within 10 meV/atom of the hull.
    """

    energy_above_hull: float
    std: float
    chance: float


class ChemicalSystem:
    """Compounds of a system, what is believed of them, and which to label next.

    Rebuilt from the labels after each of them; nothing else is kept.
    """

    def __init__(
        self,
        crystals: Sequence[SystemCrystal],
        surrogate: ElementEnergies,
        labels: ElementEnergies | None,
        predictor: PredictorPotential,
    ) -> None:
        """Correct the surrogate by the labels.

        Args:
            crystals: compounds of the elements of ``surrogate``.
            surrogate: the elements by the surrogate.
            labels: the elements at the level of the labels; None as long as there is no label.
            predictor: whose features say which crystals are alike; also the second opinion on
                crystals whose surrogate is another potential.

        Raises:
            InputError: a label has no finite energy.
        """
        self.crystals = list(crystals)
        structures = [one.structure for one in crystals]
        compositions = [one.composition for one in structures]
        of_elements = fractions(compositions, surrogate.symbols)
        formation = surrogate.formation(compositions, [one.energy_per_atom for one in crystals])
        dispute = np.zeros(len(crystals))
        self.level = surrogate.level
        if surrogate.level != predictor.level:
            other = np.array(second_energies(structures, predictor), dtype=float)
            first = np.array([one.energy_per_atom for one in crystals])
            dispute = disputes(of_elements, first, other)
            self.level += f"+second({predictor.level})"
        if labels is not None:
            self.level += f"+labels({labels.level})"
        self.traits = Traits(
            of_elements,
            centred(pooled_features(structures, predictor)),
            formation,
            np.array([max(one.energy_std or DOUBT, LEAST_DOUBT) for one in crystals]),
            dispute,
        )
        self.belief: Belief = believe(self.traits, self._labels(labels))

    def _labels(self, elements: ElementEnergies | None) -> Labels:
        rows = [i for i, one in enumerate(self.crystals) if one.label is not None]
        if elements is None or not rows:
            return Labels.none()
        known = [self.crystals[row] for row in rows]
        formation = elements.formation(
            [one.structure.composition for one in known], [float(one.label or 0) for one in known]
        )
        return Labels(np.array(rows), formation, np.zeros(len(rows)))

    @cached_property
    def _heights(self) -> NDArray[np.float64]:
        """``[S, N]`` eV/atom."""
        return drawn_heights(self.traits.fractions, self.belief.draws(DRAWS, 0))

    def heights(self) -> list[CorrectedHeight]:
        """Where each crystal lies at the level of the labels."""
        near = (self._heights <= NEAR_HULL).mean(axis=0)
        values = zip(self._heights.mean(axis=0), self._heights.std(axis=0), near, strict=True)
        return [CorrectedHeight(float(h), float(s), float(c)) for h, s, c in values]

    def still_to_find(self) -> StillToFind:
        """How many phases near the hull have no label."""
        return still_to_find(self.traits.fractions, self.belief)

    def next_labels(self, number: int, seed: int = 0, rule: Acquisition | None = None) -> list[int]:
        """Positions of the crystals to label next, the most valuable first.

        Args:
            number: at most so many.
            seed: of the sampled hulls.
            rule: by default hull sampling for the price of a relaxation.
        """
        free = [one.label is None and not one.barred for one in self.crystals]
        cost = np.array([relaxation_cost(len(one.structure)) for one in self.crystals])
        worth = [1.0 if one.novel else KNOWN_VALUE for one in self.crystals]
        candidates = LabelCandidates(
            self.traits,
            self.belief,
            cost / cost.mean(),
            np.array(worth),
            [fingerprint(one.structure) for one in self.crystals],
            np.array(free),
        )
        return choose(rule or HullSampling(), candidates, number, seed)
