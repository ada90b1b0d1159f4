"""What became of one crystal in a relaxation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pymatgen.core import Structure

from dao_core.potentials.scale import mp2020_correction
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

StopReason = Literal[
    "converged",
    "max_steps",
    "stalled",
    "hopeless",
    "volume_guard",
    "distance_guard",
    "energy_floor",
    "energy_jump",
    "not_finite",
    "failed",
    "unusable",
]
"""Why a relaxation ended: forces and stress within the limits; steps used up; no shorter step
lowers the energy; too far above a better crystal of its composition to be worth the rest; the
cell exploded or collapsed; atoms ran into each other; the energy is lower than that of any crystal,
or far lower than a second potential says; a step won more energy than its slope allows; the
potential returned a number that is not
finite; the potential refused the crystal; the input is no crystal. The last two come
with an error text."""

RANKED_STOPS: frozenset[str] = frozenset({"converged", "stalled"})
"""Relaxations that ended here are at a minimum; others have no energy to be ranked by."""


@dataclass(frozen=True)
class Relaxation:
    """The end of one relaxation: the lowest accepted point, whatever the reason to stop.

    Attributes:
        structure: the crystal, atoms in the order of the input; the input itself if nothing was
            evaluated.
        energy_per_atom_before: eV/atom at the start, or None if it could not be evaluated.
        energy_per_atom: eV/atom at the end, without the pV term, or None likewise.
        energy_std: eV/atom at the end, if the potential knows its uncertainty.
        steps: evaluations of the potential after the first, rejected trials included.
        stop_reason: see :data:`StopReason`.
        max_force: longest force at the end, eV/angstrom.
        max_stress: largest principal stress at the end, external pressure included, eV/angstrom^3.
        volume: cubic angstrom, at the end.
        pressure: external pressure, GPa.
        level: energy level of the potential.
        outside_domain: why the crystal lies outside what the potential was made for, or None.
        error: what went wrong, for ``failed`` and ``unusable``.
    """

    structure: Structure
    energy_per_atom_before: float | None
    energy_per_atom: float | None
    energy_std: float | None
    steps: int
    stop_reason: StopReason
    max_force: float | None
    max_stress: float | None
    volume: float
    pressure: float
    level: str
    outside_domain: str | None = None
    error: str | None = None

    @property
    def converged(self) -> bool:
        """Whether forces and stress met their limits."""
        return self.stop_reason == "converged"

    @property
    def enthalpy_per_atom(self) -> float | None:
        """E + pV in eV/atom, which orders polymorphs under pressure; None without an energy."""
        if self.energy_per_atom is None:  # also of a structure without atoms
            return None
        return enthalpy_per_atom(
            self.energy_per_atom, self.volume / len(self.structure), self.pressure
        )


def enthalpy_per_atom(
    energy_per_atom: float | None, volume_per_atom: float, pressure: float
) -> float | None:
    """E + pV in eV/atom, None without an energy.

    Args:
        energy_per_atom: eV/atom.
        volume_per_atom: cubic angstrom.
        pressure: GPa.
    """
    if energy_per_atom is None:
        return None
    return energy_per_atom + pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA * volume_per_atom


def corrected(end: Relaxation, start: Structure, level: str) -> Relaxation:
    """A relaxation on raw energies as one on the scale MP2020.

    Args:
        end: the relaxation.
        start: what it began with.
        level: of the corrected energies.
    """
    before, after = end.energy_per_atom_before, end.energy_per_atom
    if before is not None:
        before += mp2020_correction(start).energy_per_atom
    if after is not None:
        after += mp2020_correction(end.structure).energy_per_atom
    return replace(end, energy_per_atom_before=before, energy_per_atom=after, level=level)
