"""Sources of candidates behind one interface."""

from dao_core.search.sources.base import CandidateSource, Proposal
from dao_core.search.sources.template import TemplateSource

__all__ = ["CandidateSource", "Proposal", "TemplateSource"]
