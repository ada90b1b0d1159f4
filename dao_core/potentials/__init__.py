"""Potentials: one protocol for DAO-P, SevenNet, CHGNet and any ASE calculator.

What is named here is imported when it is first used: the names of potentials
(:mod:`dao_core.potentials.catalogue`) are checked before torch is loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dao_core.potentials.base import Domain, Evaluation, Potential, energies_of
    from dao_core.potentials.loading import load_potential

__all__ = [
    "Domain",
    "Evaluation",
    "Potential",
    "energies_of",
    "load_potential",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "loading" if name == "load_potential" else "base"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
