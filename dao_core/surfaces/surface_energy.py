"""Surface energies of stoichiometric slabs with two like faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure
from pymatgen.core.surface import Slab, SlabGenerator
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.relax import RelaxSettings, relax

JOULE_PER_SQUARE_METRE = 16.02176634
"""1 eV/angstrom^2 in J/m^2."""
THICKNESS = 12.0
VACUUM = 12.0
"""Angstrom; both are rounded up to whole layers by the slab generator."""


@dataclass(frozen=True)
class SurfaceEnergy:
    """One termination of one surface.

    Attributes:
        miller_index: of the conventional cell.
        slab: relaxed, in a cell of its own with vacuum along c; None if it has no energy.
        surface_energy: J/m^2 of each of the two faces, or None.
        unrelaxed: the same before the atoms relaxed, J/m^2, or None.
        level: of the energies.
        note: why there is no energy, or what the reader must know, or None.
        energy_std: the potential's own uncertainty of the slab, eV/atom, or None; most of it is
            shared with the bulk and cancels in the surface energy.
    """

    miller_index: tuple[int, int, int]
    slab: Structure | None
    surface_energy: float | None
    unrelaxed: float | None
    level: str
    note: str | None = None
    energy_std: float | None = None


def surface_energies(
    bulk: Structure,
    miller_index: tuple[int, int, int],
    potential: Potential,
    thickness: float = THICKNESS,
    vacuum: float = VACUUM,
) -> list[SurfaceEnergy]:
    """Energies of all terminations of a surface, lowest first, those without an energy last.

    gamma = (E_slab - N E_bulk / atom) / 2A. Bulk and slabs are relaxed at the same level; the
    cell of a slab is that of the relaxed bulk. A slab that is not stoichiometric, or whose faces
    differ, has no energy of its own: it would need chemical potentials or a second face.

    Args:
        bulk: ordered crystal in any cell.
        miller_index: not all zero.
        potential: the level.
        thickness: of the slab, at least, angstrom.
        vacuum: at least, angstrom.

    Raises:
        InputError: the index is zero, a length is not positive, or the bulk cannot be relaxed.
    """
    if not any(miller_index) or thickness <= 0 or vacuum <= 0:
        raise InputError("a surface needs an index that is not zero, thickness and vacuum")
    (relaxed,) = relax([bulk], potential, RelaxSettings(fix_symmetry=True))
    if relaxed.stop_reason != "converged" or relaxed.energy_per_atom is None:
        raise InputError(f"the bulk could not be relaxed: {relaxed.error or relaxed.stop_reason}")
    conventional = SpacegroupAnalyzer(relaxed.structure, 0.01).get_conventional_standard_structure()
    generator = SlabGenerator(conventional, miller_index, thickness, vacuum, center_slab=True)
    slabs = generator.get_slabs()
    if not slabs:
        raise InputError(f"pymatgen finds no slab of {miller_index}")
    found = _energies(slabs, miller_index, potential, relaxed.energy_per_atom)
    return sorted(found, key=lambda s: (s.surface_energy is None, s.surface_energy or 0.0))


def _energies(
    slabs: Sequence[Slab], miller_index: tuple[int, int, int], potential: Potential, bulk: float
) -> list[SurfaceEnergy]:
    results = []
    usable = []
    for slab in slabs:
        reason = _unusable(slab)
        if reason:
            results.append(SurfaceEnergy(miller_index, None, None, None, potential.level, reason))
        else:
            usable.append(slab)
    structures = [Structure.from_sites(list(slab)) for slab in usable]
    settings = RelaxSettings(fix_cell=True)
    for slab, end in zip(usable, relax(structures, potential, settings), strict=True):
        area = np.linalg.norm(np.cross(*slab.lattice.matrix[:2]))
        per_atom = len(slab) / (2 * area) * JOULE_PER_SQUARE_METRE
        note = None if end.converged else f"not relaxed to the end: {end.error or end.stop_reason}"
        before, after = (
            None if energy is None else float((energy - bulk) * per_atom)
            for energy in (end.energy_per_atom_before, end.energy_per_atom)
        )
        results.append(
            SurfaceEnergy(
                miller_index, end.structure, after, before, potential.level, note, end.energy_std
            )
        )
    return results


def _unusable(slab: Slab) -> str | None:
    bulk = slab.oriented_unit_cell.composition.reduced_formula
    if slab.composition.reduced_formula != bulk:
        return f"the slab is {slab.composition.reduced_formula}, the bulk {bulk}"
    return None if slab.is_symmetric() else "its two faces differ"
