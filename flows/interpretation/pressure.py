"""``dao pressure``: polymorphs compressed, equations of state, transitions, a figure each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dao_core.errors import InputError
from dao_core.potentials import Potential, load_potential
from dao_core.pressure import (
    CompressionCurve,
    PhaseSequence,
    compress,
    fit_equation_of_state,
    phase_sequence,
)
from dao_core.writable import check_output_folder
from flows.interpretation.keeping import keep
from flows.report.enthalpy_plot import enthalpy_figure
from flows.validation.crystals import Crystal, find_crystals
from stores import DaoStore, open_store


def compress_given(
    words: Sequence[str], potential: str, pressures: Sequence[float], out: Path, store: str | None
) -> dict[str, Any]:
    """Compress crystals, those of one composition against each other.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        pressures: GPa.
        out: Folder of the figures.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``compositions`` (``formula``, ``polymorphs``, ``stable``,
        ``transitions``, ``figure``), ``failures`` and ``warnings``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    check_output_folder(out)
    compositions, warnings = [], set()
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(potential)
        failures = list(found.failures)
        by_formula: dict[str, list[Crystal]] = {}
        for crystal in found.crystals:
            formula = crystal.structure.composition.reduced_formula
            by_formula.setdefault(formula, []).append(crystal)
        for formula, polymorphs in by_formula.items():
            made = compress_polymorphs(polymorphs, loaded, pressures, opened, out)
            compositions.append(made.record)
            failures += made.failures
            warnings |= {f"{formula}: {flag}" for flag in made.flags}
        uri = opened.uri
    return {
        "level": loaded.level,
        "store": uri,
        "compositions": compositions,
        "failures": failures,
        "warnings": sorted(warnings),
    }


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
    polymorphs: Sequence[Crystal],
    potential: Potential,
    pressures: Sequence[float],
    store: DaoStore,
    out: Path,
) -> CompressedPolymorphs:
    """Compress the polymorphs of one composition against each other, and keep it with each.

    Args:
        polymorphs: Crystals of one composition.
        potential: The level.
        pressures: GPa.
        store: Where it is written.
        out: Folder of the figure.

    Raises:
        DaoError: Nothing can be compressed or written.
    """
    formula = polymorphs[0].structure.composition.reduced_formula
    structures = {crystal.name: crystal.structure for crystal in polymorphs}
    curves = compress(structures, potential, pressures)
    record, flags = _composition(formula, curves, out), _flags(curves)
    settings = against(polymorphs, pressures)
    for crystal in polymorphs:
        keep(store, "pressure", crystal, potential.level, settings, record, flags)
    failures = [
        {"file": curve.name, "reason": f"at {pressure:g} GPa: {reason}"}
        for curve in curves
        for pressure, reason in curve.lost.items()
    ]
    return CompressedPolymorphs(record, flags, failures)


def _flags(curves: Sequence[CompressionCurve]) -> list[str]:
    """What a reader must know before trusting the transitions."""
    return sorted({p.outside_domain for c in curves for p in c.points if p.outside_domain})


def _composition(formula: str, curves: Sequence[CompressionCurve], out: Path) -> dict[str, Any]:
    try:
        sequence: PhaseSequence | None = phase_sequence(curves)
        note = None
    except InputError as error:
        sequence, note = None, str(error)
    record: dict[str, Any] = {
        "formula": formula,
        "polymorphs": [_polymorph(curve) for curve in curves],
        "stable": list(sequence.stable) if sequence else [],
        "transitions": [asdict(t) for t in sequence.transitions] if sequence else [],
        "note": note,
        "figure": None,
    }
    if any(curve.points for curve in curves):
        out.mkdir(parents=True, exist_ok=True)
        figure = out / f"enthalpy_{formula}.html"
        enthalpy_figure(record, curves[0].level).write_html(figure)
        record["figure"] = str(figure)
    return record


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
