"""Formation energies of neutral point defects in supercells of fixed shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.defects.point_defects import PointDefect
from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.relax import RelaxSettings, relax


@dataclass(frozen=True)
class DefectEnergy:
    """A relaxed defect.

    Attributes:
        name: of the defect.
        structure: the relaxed supercell.
        formation_energy: eV, or None.
        level: of all energies in it.
        note: why there is no energy or why it is not final, or None.
        energy_std: the potential's own uncertainty of the supercell, eV/atom, or None; most of it
            is shared with the perfect one and cancels in the formation energy.
    """

    name: str
    structure: Structure
    formation_energy: float | None
    level: str
    note: str | None = None
    energy_std: float | None = None


def defect_energies(
    perfect: Structure,
    defects: Sequence[PointDefect],
    chemical_potentials: Mapping[str, float],
    potential: Potential,
) -> list[DefectEnergy]:
    """E_f = E(defect) - E(perfect) - sum n_i mu_i of each defect, in the order given.

    Zhang and Northrup, Phys. Rev. Lett. 67, 2339 (1991), neutral. Atoms relax, the cell does not.
    A defect whose relaxation fails has no energy; the others are not touched.

    Args:
        perfect: the supercell of the relaxed bulk without a defect.
        defects: in supercells of the same size.
        chemical_potentials: eV per atom of each element that is added or removed, at the level of
            ``potential``: at most the energy of the element's own phase.
        potential: the level.

    Raises:
        InputError: an element has no chemical potential, or the perfect cell has no energy.
    """
    needed = {symbol for defect in defects for symbol in defect.added}
    missing = sorted(needed - set(chemical_potentials))
    if missing:
        raise InputError(
            f"no chemical potential of {', '.join(missing)}: give the energy per atom of the "
            f"element's phase at {potential.level}"
        )
    settings = RelaxSettings(fix_cell=True)
    reference, *relaxed = relax([perfect, *(d.structure for d in defects)], potential, settings)
    if reference.energy_per_atom is None:
        raise InputError(f"the perfect cell has no energy: {reference.error}")
    total = reference.energy_per_atom * len(perfect)
    results = []
    for defect, end in zip(defects, relaxed, strict=True):
        energy = None
        if end.energy_per_atom is not None:
            exchanged = sum(n * chemical_potentials[s] for s, n in defect.added.items())
            energy = end.energy_per_atom * len(end.structure) - total - exchanged
        note = None if end.converged else f"not relaxed to the end: {end.error or end.stop_reason}"
        results.append(
            DefectEnergy(defect.name, end.structure, energy, end.level, note, end.energy_std)
        )
    return results
