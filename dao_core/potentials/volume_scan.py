"""Crystals at the volume that a potential gives them, from energies at three volumes.

A prototype with other elements has the volume that bond lengths suggest, which is wrong by up to a
fifth; its energy there says more about the volume than about the prototype.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import Potential, energies_of
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

SCALES = (0.92, 1.0, 1.09)
"""Volumes, in units of the one given, whose logarithms are evenly spaced."""
FURTHEST = 0.2
"""Logarithm of the largest change of volume: beyond the points a parabola is a guess."""
BATCH_ATOMS = 512
"""Padded atoms that a potential is given at once."""


@dataclass(frozen=True)
class ScannedCrystal:
    """A crystal at its best volume.

    Attributes:
        structure: at the volume of the lowest energy of the parabola.
        energy_per_atom: there, eV/atom (an enthalpy under pressure); None where the potential has
            no answer.
    """

    structure: Structure
    energy_per_atom: float | None


def volume_scan(
    structures: Sequence[Structure], potential: Potential, pressure: float = 0.0
) -> list[ScannedCrystal]:
    """Each crystal at the minimum of a parabola through three energies over log volume.

    Args:
        structures: ordered crystals.
        potential: gives the energies, without forces where it can.
        pressure: GPa; the energies are enthalpies then.
    """
    scaled = [_at(structure, math.log(scale)) for structure in structures for scale in SCALES]
    volumes = np.array([one.volume / len(one) for one in scaled])
    energies = energies_per_atom(scaled, potential) + volumes * (
        pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA
    )
    energies = energies.reshape(-1, len(SCALES))
    return [_scanned(one, own) for one, own in zip(structures, energies, strict=True)]


def energies_per_atom(structures: Sequence[Structure], potential: Potential) -> list[float]:
    """Energies without relaxation, eV/atom, in batches of like sizes; NaN where there is none."""
    found = [math.nan] * len(structures)
    left = sorted(range(len(structures)), key=lambda i: len(structures[i]), reverse=True)
    while left:
        count = max(1, BATCH_ATOMS // len(structures[left[0]]))
        rows, left = left[:count], left[count:]
        batch = CrystalBatch.from_structures([structures[row] for row in rows])
        for row, energy in zip(rows, energies_of(potential, batch).tolist(), strict=True):
            found[row] = energy / len(structures[row])
    return found


def _scanned(structure: Structure, energies: np.ndarray) -> ScannedCrystal:
    if not np.isfinite(energies).all():
        known = float(energies[1])
        return ScannedCrystal(structure, known if math.isfinite(known) else None)
    curvature, slope, _ = parabola = np.polyfit(np.log(SCALES), energies, 2)
    change = -slope / (2 * curvature) if curvature > 0 else -math.copysign(FURTHEST, slope)
    change = float(np.clip(change, -FURTHEST, FURTHEST))
    return ScannedCrystal(_at(structure, change), float(np.polyval(parabola, change)))


def _at(structure: Structure, change: float) -> Structure:
    """The crystal at another volume; ``change`` is the difference of the logarithms."""
    scaled = structure.copy()
    scaled.scale_lattice(structure.volume * math.exp(change))
    return scaled
