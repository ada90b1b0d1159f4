"""Polymorphs of files under pressure: curves, equations of state, transitions, a figure each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from dao_core.errors import InputError
from dao_core.potentials import load_potential
from dao_core.pressure import (
    CompressionCurve,
    PhaseSequence,
    compress,
    fit_equation_of_state,
    phase_sequence,
)
from flows.campaign.preflight import check_output_folder
from flows.prediction import read_given
from flows.report.enthalpy_plot import enthalpy_figure


def compress_files(
    files: Sequence[Path], potential: str, pressures: Sequence[float], out: Path
) -> dict[str, Any]:
    """Compress the structures of some files, those of one composition against each other.

    Args:
        files: Files or folders.
        potential: Name of the potential.
        pressures: GPa.
        out: Folder of the figures.

    Returns:
        ``level``, ``compositions`` (``formula``, ``polymorphs``, ``stable``, ``transitions``,
        ``figure``), ``failures`` and ``warnings``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    reading = read_given(files)
    check_output_folder(out)
    loaded = load_potential(potential)
    failures = [{"file": f.source, "reason": f.reason} for f in reading.failures]
    by_formula: dict[str, dict[str, Structure]] = {}
    for named in reading.structures:
        formula = named.structure.composition.reduced_formula
        by_formula.setdefault(formula, {})[named.source] = named.structure
    compositions, warnings = [], set()
    for formula, polymorphs in by_formula.items():
        curves = compress(polymorphs, loaded, pressures)
        compositions.append(_composition(formula, curves, out))
        failures += [
            {"file": curve.name, "reason": f"at {pressure:g} GPa: {reason}"}
            for curve in curves
            for pressure, reason in curve.lost.items()
        ]
        warnings |= {
            f"{formula}: {p.outside_domain}" for c in curves for p in c.points if p.outside_domain
        }
    return {
        "level": loaded.level,
        "compositions": compositions,
        "failures": failures,
        "warnings": sorted(warnings),
    }


def _composition(formula: str, curves: Sequence[CompressionCurve], out: Path) -> dict[str, Any]:
    try:
        sequence: PhaseSequence | None = phase_sequence(curves)
        note = None
    except InputError as error:
        sequence, note = None, str(error)
    figure = None
    if any(curve.points for curve in curves):
        out.mkdir(parents=True, exist_ok=True)
        figure = out / f"enthalpy_{formula}.html"
        enthalpy_figure(curves, sequence).write_html(figure)
    return {
        "formula": formula,
        "polymorphs": [_polymorph(curve) for curve in curves],
        "stable": list(sequence.stable) if sequence else [],
        "transitions": [asdict(t) for t in sequence.transitions] if sequence else [],
        "note": note,
        "figure": str(figure) if figure else None,
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
