"""Compression: each polymorph relaxed at a ladder of pressures, the enthalpy at each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pymatgen.core import Structure

from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA


@dataclass(frozen=True)
class CompressionPoint:
    """A polymorph at one pressure.

    Attributes:
        pressure: GPa.
        structure: relaxed at this pressure.
        energy_per_atom: eV/atom, without the pV term.
        volume_per_atom: cubic angstrom.
        energy_std: the potential's own uncertainty, eV/atom, or None.
        outside_domain: why the potential was not made for this crystal at this pressure, or None.
    """

    pressure: float
    structure: Structure
    energy_per_atom: float
    volume_per_atom: float
    energy_std: float | None = None
    outside_domain: str | None = None

    @property
    def enthalpy_per_atom(self) -> float:
        """E + pV, eV/atom."""
        work = self.pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA * self.volume_per_atom
        return self.energy_per_atom + work


@dataclass
class CompressionCurve:
    """A polymorph over a ladder of pressures.

    Attributes:
        name: what the caller calls the polymorph.
        formula: reduced formula.
        level: of every energy.
        points: by ascending pressure.
        lost: pressure in GPa -> why the relaxation failed there; higher ones were not tried.
    """

    name: str
    formula: str
    level: str
    points: list[CompressionPoint] = field(default_factory=list)
    lost: dict[float, str] = field(default_factory=dict)


def compress(
    structures: Mapping[str, Structure],
    potential: Potential,
    pressures: Sequence[float],
    settings: RelaxSettings | None = None,
) -> list[CompressionCurve]:
    """Relax every structure at every pressure, each starting from the pressure below.

    The space group of the start is kept, so that a polymorph stays itself: what it would turn into
    is another polymorph's curve. A structure whose relaxation fails at one pressure ends there.

    Args:
        structures: polymorphs by name; all pressures of one are a chain, all names one batch.
        potential: what to relax with.
        pressures: GPa, at least one.
        settings: criteria of the relaxations; their pressure and symmetry are set here.

    Raises:
        InputError: no structure, no pressure, or a pressure that is not finite.
    """
    if not structures or not pressures:
        raise InputError("compression needs at least one structure and one pressure")
    base = replace(settings or RelaxSettings(), fix_symmetry=True)
    curves = {
        name: CompressionCurve(name, structure.composition.reduced_formula, potential.level)
        for name, structure in structures.items()
    }
    current = dict(structures)
    for pressure in sorted(set(pressures)):
        names = list(current)
        at_pressure = replace(base, pressure=pressure)
        relaxed = relax([current[name] for name in names], potential, at_pressure)
        for name, result in zip(names, relaxed, strict=True):
            if result.stop_reason == "converged":
                curves[name].points.append(_point(result, pressure))
                current[name] = result.structure
            else:
                curves[name].lost[pressure] = result.error or result.stop_reason
                del current[name]
    return list(curves.values())


def _point(result: Relaxation, pressure: float) -> CompressionPoint:
    if result.energy_per_atom is None:
        raise ValueError("a converged relaxation has an energy")
    return CompressionPoint(
        pressure,
        result.structure,
        result.energy_per_atom,
        result.volume / len(result.structure),
        result.energy_std,
        result.outside_domain,
    )
