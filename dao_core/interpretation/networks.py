"""The network of one element in a crystal: distances, cages, dimension."""

from __future__ import annotations

from dataclasses import asdict

from dao_core.crystal.asked import Crystal
from dao_core.frameworks import describe_network
from dao_core.interpretation.finding import Finding


def interpret_network(crystal: Crystal, symbol: str) -> Finding:
    """Describe the network of one element.

    Args:
        crystal: The crystal.
        symbol: The element.
    """
    found = describe_network(crystal.structure, symbol)
    figures = {"natoms": len(crystal.structure), "network": asdict(found)}
    return Finding({"symbol": symbol}, figures, [found.objection])
