"""What grids say of the electrons of a crystal, whichever code made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure

from dft_inputs.electrons.atomic_charges import bader_charges
from dft_inputs.electrons.attractors import LOCALISED, Attractor, attractors, closest_contact
from dft_inputs.electrons.basins import find_basins
from dft_inputs.electrons.electride import ElectrideVerdict, judge_electride
from dft_inputs.electrons.grid import Grid
from dft_inputs.electrons.slices import GridSlice, slice_through

NOISE = 0.01
"""Maxima of the ELF that rise less are those of the grid."""
WINDOW = 2.0
"""eV below the highest occupied level in which an electride has its electrons in voids."""
MOST_MAXIMA = 200
CLOSE = 0.7
"""Distance of two atoms over the sum of their covalent radii below which cores may overlap."""
NEAR_LIMIT = 0.05


@dataclass(frozen=True)
class Localisation:
    """Where the electrons of a crystal are.

    Attributes:
        maxima: Of the electron localisation function, the highest first, at most so many.
        electride: The verdict; None where the states near the top are not known.
        bader: Charges of the atoms, e.
        in_voids: Electrons in Bader basins of voids.
        slice: The function through its chief valence maximum.
        notes: What a reader must know before trusting it.
    """

    maxima: list[Attractor]
    electride: ElectrideVerdict | None
    bader: np.ndarray
    in_voids: float
    slice: GridSlice
    notes: list[str]


def localise(
    elf: Grid,
    density: Grid,
    near_top: Grid | None,
    valences: Sequence[float],
    whole: Grid | None = None,
) -> Localisation:
    """Find the maxima of the ELF, what they are, the charges, and the verdict on an electride.

    Args:
        elf: Electron localisation function.
        density: Valence density, 1/angstrom^3, on whatever grid.
        near_top: Density of the states within ``WINDOW`` below the highest occupied level, on the
            grid of the ELF, or None.
        valences: Electrons of each atom that the density holds, in the order of the structure.
        whole: Density of all electrons on the grid of the valence density, where the code gives it.
    """
    basins = find_basins(elf, NOISE)
    maxima = attractors(elf.structure, basins)
    verdict = None
    if near_top is not None:
        on_grid = density.resampled(elf.values.shape)
        verdict = judge_electride(maxima, basins, on_grid, near_top, WINDOW)
    charges, in_voids = bader_charges(density, valences, whole)
    return Localisation(
        maxima=maxima[:MOST_MAXIMA],
        electride=verdict,
        bader=charges,
        in_voids=in_voids,
        slice=slice_through(elf, _chief(maxima).frac_coords),
        notes=_notes(elf.structure, maxima, verdict),
    )


def _chief(maxima: list[Attractor]) -> Attractor:
    """The maximum that the picture is laid through: a localised void, else the highest valence."""
    valence = [found for found in maxima if found.kind != "core"] or maxima
    voids = [found for found in valence if found.kind == "interstitial"]
    return max(voids or valence, key=lambda found: found.elf)


def _notes(
    structure: Structure, maxima: Sequence[Attractor], verdict: ElectrideVerdict | None
) -> list[str]:
    notes = []
    if len(maxima) > MOST_MAXIMA:
        notes.append(f"of {len(maxima)} maxima of the ELF the highest {MOST_MAXIMA} are kept")
    contact = closest_contact(structure)
    if contact < CLOSE:
        notes.append(
            f"two atoms are {contact:.2f} of the sum of their covalent radii apart: the cores of "
            "the pseudopotentials may overlap, compare with a harder family"
        )
    best = max((void.elf for void in verdict.voids), default=0.0) if verdict else 0.0
    if abs(best - LOCALISED) < NEAR_LIMIT:
        notes.append(f"the ELF in voids ({best:.2f}) is near the limit of {LOCALISED}")
    return notes
