"""How likely a generated crystal is before its energy is asked for, in the unit of energies.

An energy of a potential errs by tens of meV/atom on what it was not trained on, and a composition
takes structure types with very different probabilities: samples are best ranked by both,
``E - T (log p + w votes)``. ``p`` is the probability of the prototype that a sample is, and the
votes are the samples from noise that became the same crystal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance
from dao_core.crystal.validity import invalid_reason
from dao_core.generator.generated import GeneratedCrystal

TEMPERATURE = 1 / 6
"""eV/atom for a factor e of probability. This and :data:`VOTE` were picked among ten settings on
``public_val``; weights fitted in folds of its formulas choose as well (record ``ranking``)."""
VOTE = 0.3
"""What one sample from noise that became this crystal adds to ``log p``."""
NOISE_PROBABILITY = 1e-3
"""Of a sample from noise that is no known prototype: as of the least likely prototypes offered."""
SAME = 0.1
"""Distance of coloured fingerprints within which a sample from noise votes for a crystal."""


def preference_of_place(place: int) -> float:
    """The same for a source that says in which order alone: a probability of one over the place.

    Args:
        place: of the sample in that order, from 0.

    Returns:
        eV/atom to be taken off its energy.
    """
    return -TEMPERATURE * math.log(1 + place)


def preferences(crystals: Sequence[GeneratedCrystal]) -> list[float]:
    """What is to be taken off the energies of some samples of one composition, eV/atom.

    Args:
        crystals: all samples of the composition; some are prototypes, others came from noise.

    Returns:
        For each sample ``T (log p + w votes)``.
    """
    return [
        TEMPERATURE * (math.log(chance) + VOTE * votes)
        for chance, votes in zip(chances(crystals), votes_of_noise(crystals), strict=True)
    ]


def chances(crystals: Sequence[GeneratedCrystal]) -> list[float]:
    """Probability of the prototype that each sample is; that of noise is a constant."""
    known = (one.probability for one in crystals)
    return [max(chance or 0.0, NOISE_PROBABILITY) for chance in known]


def votes_of_noise(crystals: Sequence[GeneratedCrystal]) -> list[int]:
    """How many of the samples from noise are the crystal that each sample is, itself included."""
    prints = [
        None if invalid_reason(one.structure) else coloured_fingerprint(one.structure)
        for one in crystals
    ]
    free = [own for one, own in zip(crystals, prints, strict=True) if one.prototype is None]
    return [
        sum(
            own is not None and other is not None and fingerprint_distance(own, other) <= SAME
            for other in free
        )
        for own in prints
    ]
