"""Rules by which crystals are chosen for labels, behind one interface."""

from dao_core.learning.acquisition.base import Acquisition, LabelCandidates, choose
from dao_core.learning.acquisition.greedy import Greedy
from dao_core.learning.acquisition.hull_sampling import HullSampling
from dao_core.learning.acquisition.random_choice import RandomChoice
from dao_core.learning.acquisition.stability_chance import StabilityChance

__all__ = [
    "Acquisition",
    "Greedy",
    "HullSampling",
    "LabelCandidates",
    "RandomChoice",
    "StabilityChance",
    "choose",
]
