"""Findings in words, by kind of interpretation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def _phonons(result: Mapping[str, Any]) -> str:
    stable = "dynamically unstable" if result["unstable"] else "dynamically stable"
    text = (
        f"{stable}, lowest mode {result['minimum_frequency']:.2f} THz; zero point "
        f"{result['zero_point_energy']:.4f} eV/atom, free energy {result['free_energy']:.4f} "
        f"eV/atom at {result['temperature']:g} K"
    )
    fallen = result["soft_mode_energy_per_atom"]
    if fallen is None:
        return text
    return f"{text}; along its soft mode {fallen - result['energy_per_atom']:+.4f} eV/atom"


def _pressure(result: Mapping[str, Any]) -> str:
    crossings = [
        f"{t['below']} to {t['above']} at {t['pressure']:.1f} GPa"
        + (f" ± {t['pressure_std']:.1f}" if t["pressure_std"] is not None else "")
        for t in result["transitions"]
    ]
    return "; ".join(crossings) or result["note"] or "no transition in the range"


def _electrons(result: Mapping[str, Any]) -> str:
    gap = "metal" if result["is_metal"] else f"gap {result['band_gap']:.2f} eV"
    verdict = result["electride"]
    if verdict is None:
        return f"{gap}; whether it is an electride is not known"
    kind = "electride" if verdict["electride"] else "no electride"
    return f"{gap}; {kind}: {verdict['reason']}"


def _surface(result: Mapping[str, Any]) -> str:
    best = [t for t in result["terminations"] if t["surface_energy"] is not None]
    name = "".join(map(str, result["miller_index"]))
    if not best:
        return f"({name}): no termination has a surface energy"
    return f"({name}): {best[0]['surface_energy']:.3f} J/m²"


def _layer(result: Mapping[str, Any]) -> str:
    return f"a layer of {result['thickness']:.2f} Å at {result['energy_per_atom']:.4f} eV/atom"


def _defects(result: Mapping[str, Any]) -> str:
    energies = [
        f"{d['name']} {d['formation_energy']:.2f} eV"
        for d in result["defects"]
        if d["formation_energy"] is not None
    ]
    return ", ".join(energies) or "no defect could be relaxed"


def _network(result: Mapping[str, Any]) -> str:
    network = result["network"]
    cages = ", ".join(f"{s} {sizes or 'none'}" for s, sizes in network["cages"].items())
    shortest = network["shortest"]
    apart = "single atoms" if shortest is None else f"shortest distance {shortest:.2f} Å"
    return f"{network['symbol']} network: {apart}, cages {cages}"


FINDINGS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "phonons": _phonons,
    "pressure": _pressure,
    "electrons": _electrons,
    "surface": _surface,
    "layer": _layer,
    "defects": _defects,
    "network": _network,
}
"""What a reader is told of the figures of each kind."""
