"""Sources of candidates behind one interface."""

from dao_core.search.sources.base import CandidateSource, Parent, Proposal
from dao_core.search.sources.generator import (
    GeneratorSource,
    GuidedGeneratorSource,
    HeldGeneratorSource,
)
from dao_core.search.sources.heredity import HereditySource
from dao_core.search.sources.perturbation import PerturbationSource
from dao_core.search.sources.random_symmetric import RandomSymmetricSource
from dao_core.search.sources.soft_mode import SoftModeSource
from dao_core.search.sources.substitution import SubstitutionSource
from dao_core.search.sources.template import Template, TemplateSource
from dao_core.search.sources.user import UserSource

__all__ = [
    "CandidateSource",
    "GeneratorSource",
    "GuidedGeneratorSource",
    "HeldGeneratorSource",
    "HereditySource",
    "Parent",
    "PerturbationSource",
    "Proposal",
    "RandomSymmetricSource",
    "SoftModeSource",
    "SubstitutionSource",
    "Template",
    "TemplateSource",
    "UserSource",
]
