"""Search within a known framework: filled with another element, released, described."""

from dao_core.frameworks.counts import Filling, fillings
from dao_core.frameworks.network import Network, describe_network
from dao_core.frameworks.search import FilledCrystal, FillingOutcome, fill_framework

__all__ = [
    "FilledCrystal",
    "Filling",
    "FillingOutcome",
    "Network",
    "describe_network",
    "fill_framework",
    "fillings",
]
