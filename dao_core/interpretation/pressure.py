"""Polymorphs compressed: equations of state, transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.errors import InputError
from dao_core.potentials import Potential
from dao_core.pressure import (
    CompressionCurve,
    PhaseSequence,
    compress,
    fit_equation_of_state,
    phase_sequence,
)


@dataclass(frozen=True)
class CompressedPolymorphs:
    """The polymorphs of one composition under pressure.

    Attributes:
        record: ``formula``, ``polymorphs``, ``stable``, ``transitions``, ``figure``.
        flags: What a reader must know before trusting the transitions.
        failures: Points that were lost.
    """

    record: dict[str, Any]
    flags: list[str]
    failures: list[dict[str, str]]


def against(polymorphs: Sequence[Crystal], pressures: Sequence[float]) -> dict[str, Any]:
    """What decides the figures of a comparison beside crystal and level."""
    names = sorted(crystal.name for crystal in polymorphs)
    return {"pressures": list(pressures), "against": names}


def compress_polymorphs(
    polymorphs: Sequence[Crystal], potential: Potential, pressures: Sequence[float]
) -> CompressedPolymorphs:
    """Compress the polymorphs of one composition against each other.

    Args:
        polymorphs: Crystals of one composition.
        potential: The level.
        pressures: GPa.

    Raises:
        DaoError: Nothing can be compressed.
    """
    formula = polymorphs[0].structure.composition.reduced_formula
    structures = {crystal.name: crystal.structure for crystal in polymorphs}
    curves = compress(structures, potential, pressures)
    failures = [
        {"file": curve.name, "reason": f"at {pressure:g} GPa: {reason}"}
        for curve in curves
        for pressure, reason in curve.lost.items()
    ]
    return CompressedPolymorphs(_composition(formula, curves), _flags(curves), failures)


def _flags(curves: Sequence[CompressionCurve]) -> list[str]:
    """What a reader must know before trusting the transitions."""
    return sorted({p.outside_domain for c in curves for p in c.points if p.outside_domain})


def _composition(formula: str, curves: Sequence[CompressionCurve]) -> dict[str, Any]:
    try:
        sequence: PhaseSequence | None = phase_sequence(curves)
        note = None
    except InputError as error:
        sequence, note = None, str(error)
    return {
        "formula": formula,
        "polymorphs": [_polymorph(curve) for curve in curves],
        "stable": list(sequence.stable) if sequence else [],
        "transitions": [asdict(t) for t in sequence.transitions] if sequence else [],
        "note": note,
        "figure": None,
    }


def _polymorph(curve: CompressionCurve) -> dict[str, Any]:
    return {
        "file": curve.name,
        "points": [
            {
                "pressure": point.pressure,
                "enthalpy_per_atom": point.enthalpy_per_atom,
                "energy_per_atom": point.energy_per_atom,
                "energy_std": point.energy_std,
                "volume_per_atom": point.volume_per_atom,
            }
            for point in curve.points
        ],
        "equation_of_state": _equation_of_state(curve),
    }


def _equation_of_state(curve: CompressionCurve) -> Mapping[str, Any]:
    try:
        return asdict(fit_equation_of_state(curve))
    except InputError as error:
        return {"note": str(error)}
