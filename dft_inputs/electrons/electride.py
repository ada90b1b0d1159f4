"""Whether a crystal is an electride, and what speaks for it.

In an electride electrons sit in voids as anions do (Dye, Science 301, 607 (2003)). The signs looked
for are the usual ones (Postils et al., Chem. Commun. 51, 4865 (2015); Zhu et al., Matter 1, 1293
(2019)): a maximum of the localisation function away from all atoms, electrons in its basin, and
states just below the highest occupied level that lie there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dft_inputs.electrons.attractors import LOCALISED, Attractor
from dft_inputs.electrons.basins import Basins
from dft_inputs.electrons.grid import Grid

OCCUPIED = 0.2
"""Electrons in a void from which it counts as occupied."""
ON_TOP = 0.3
"""Share of the states of the window below the highest occupied level that the voids must hold."""


@dataclass(frozen=True)
class Void:
    """An interstitial maximum of the localisation function and its basin.

    Attributes:
        frac_coords: Of the maximum.
        elf: Its height.
        distance: To the nearest atom, angstrom.
        volume: Of the basin, cubic angstrom.
        electrons: In the basin.
        near_top: Electrons of the window below the highest occupied level in the basin.
    """

    frac_coords: tuple[float, float, float]
    elf: float
    distance: float
    volume: float
    electrons: float
    near_top: float


@dataclass(frozen=True)
class ElectrideVerdict:
    """The verdict and its evidence.

    Attributes:
        electride: Whether all signs are there.
        voids: Interstitial maxima, the most localised first.
        electrons: In all voids, per cell.
        share_near_top: Share of the states of the window that lie in voids.
        window: Its width below the highest occupied level, eV.
        reason: In words, with the numbers.
    """

    electride: bool
    voids: tuple[Void, ...]
    electrons: float
    share_near_top: float
    window: float
    reason: str


def judge_electride(
    maxima: Sequence[Attractor], basins: Basins, density: Grid, near_top: Grid, window: float
) -> ElectrideVerdict:
    """Weigh the evidence.

    Args:
        maxima: Of the localisation function.
        basins: Its basins, in the same order.
        density: Valence density on the same grid, 1/angstrom^3.
        near_top: Density of the states of the window only, 1/angstrom^3.
        window: Its width below the highest occupied level, eV.
    """
    volumes = np.bincount(basins.labels.ravel(), minlength=len(basins)) * density.voxel
    electrons = density.integrals(basins.labels, len(basins))
    top = near_top.integrals(basins.labels, len(basins))
    voids = [
        Void(
            found.frac_coords,
            found.elf,
            found.distance,
            float(volumes[index]),
            float(electrons[index]),
            float(top[index]),
        )
        for index, found in enumerate(maxima)
        if found.kind == "interstitial"
    ]
    whole = float(top.sum())
    share = sum(void.near_top for void in voids) / whole if whole > 0 else 0.0
    missing = _missing(voids, share, window)
    held = sum(void.electrons for void in voids)
    return ElectrideVerdict(
        electride=not missing,
        voids=tuple(voids),
        electrons=held,
        share_near_top=share,
        window=window,
        reason=missing or _evidence(voids, share, window),
    )


def _missing(voids: Sequence[Void], share: float, window: float) -> str | None:
    """The first sign that is not there."""
    if not voids:
        return "no maximum of the ELF away from the atoms"
    localised = [void for void in voids if void.elf >= LOCALISED]
    if not localised:
        return f"the ELF in voids is at most {voids[0].elf:.2f}, below {LOCALISED}"
    most = max(void.electrons for void in localised)
    if most < OCCUPIED:
        return f"no void holds more than {most:.2f} electrons"
    if share < ON_TOP:
        return f"voids hold only {share:.0%} of the states {window:g} eV below the highest occupied"
    return None


def _evidence(voids: Sequence[Void], share: float, window: float) -> str:
    best = voids[0]
    return (
        f"ELF {best.elf:.2f} at {best.distance:.2f} angstrom from the nearest atom, "
        f"{best.electrons:.2f} electrons there; voids hold {share:.0%} of the states "
        f"{window:g} eV below the highest occupied"
    )
