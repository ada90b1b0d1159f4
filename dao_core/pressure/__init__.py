"""Crystals under pressure: compression curves, equations of state, phase sequences."""

from dao_core.pressure.compression import CompressionCurve, CompressionPoint, compress
from dao_core.pressure.equation_of_state import EquationOfState, fit_equation_of_state
from dao_core.pressure.phase_sequence import PhaseSequence, Transition, phase_sequence

__all__ = [
    "CompressionCurve",
    "CompressionPoint",
    "EquationOfState",
    "PhaseSequence",
    "Transition",
    "compress",
    "fit_equation_of_state",
    "phase_sequence",
]
