"""Relaxation of many crystals at once, each on its own path, with any potential."""

from dao_core.callable_package import call_as
from dao_core.relax.idealised import idealised
from dao_core.relax.relax import OnFinish, relax
from dao_core.relax.result import RANKED_STOPS, Relaxation, StopReason, enthalpy_per_atom
from dao_core.relax.settings import RelaxSettings

__all__ = [
    "RANKED_STOPS",
    "OnFinish",
    "RelaxSettings",
    "Relaxation",
    "StopReason",
    "enthalpy_per_atom",
    "idealised",
    "relax",
]

call_as(__name__, "dao_core.notebook.structures:relax")
