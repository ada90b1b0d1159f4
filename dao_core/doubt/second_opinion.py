"""What a further potential says of structures that another one relaxed and ranked."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Potential, energies_of

PER_PASS = 8
"""Crystals of one evaluation."""


def second_energies(structures: Sequence[Structure], potential: Potential) -> list[float | None]:
    """Energies at given structures, nothing relaxed.

    Args:
        structures: as another potential left them.
        potential: the second opinion.

    Returns:
        eV/atom, None where it cannot say.
    """
    found: list[float | None] = []
    for first in range(0, len(structures), PER_PASS):
        part = structures[first : first + PER_PASS]
        batch = CrystalBatch.from_structures(part)
        for energy, crystal in zip(energies_of(potential, batch), part, strict=True):
            per_atom = float(energy) / len(crystal)
            found.append(per_atom if bool(torch.isfinite(energy)) else None)
    return found
