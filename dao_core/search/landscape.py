"""The landscape of a search: distinct minima of every composition, placed on the hull, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.crystal.deduplication import NOISE_ENERGY, deduplicate, same_crystal
from dao_core.crystal.symmetry import SymmetrisedCrystal, space_group_number, symmetrise
from dao_core.search.hull import PhaseEntry, energies_above_hull

__all__ = ["Minimum", "landscape", "same_crystal"]


@dataclass(frozen=True)
class Minimum:
    """A distinct minimum of the energy.

    Attributes:
        rank: from 1, nearest to the hull first.
        index: position of the structure that stands for it: of those within noise of the lowest
            energy, the most symmetric one.
        members: positions of all structures that ended in it, ``index`` first; how many there are
            tells how easily the minimum is found.
        formula: reduced formula.
        z: formula units in the symmetrised primitive cell.
        energy_per_atom: eV/atom.
        energy_above_hull: eV/atom, None where an element has no energy at this level.
        crystal: symmetrised.
        novel: whether it is none of the known structures.
    """

    rank: int
    index: int
    members: tuple[int, ...]
    formula: str
    z: int
    energy_per_atom: float
    energy_above_hull: float | None
    crystal: SymmetrisedCrystal
    novel: bool

    @property
    def space_group(self) -> str:
        """International short symbol."""
        return self.crystal.space_group


def landscape(
    structures: Sequence[Structure],
    energies_per_atom: Sequence[float],
    level: str,
    competing: Sequence[PhaseEntry] = (),
    known: Sequence[Structure] = (),
) -> list[Minimum]:
    """Distinct minima of relaxed structures, the most stable first.

    Minima without a place on a hull come last; equals are ordered by formula, energy and position.

    Args:
        structures: relaxed crystals of any compositions.
        energies_per_atom: eV/atom, one for each.
        level: of all energies.
        competing: further phases of the hull.
        known: structures that are not novel.

    Raises:
        InputError: a competing phase is of another level, or atoms lie on top of each other.
    """
    groups = _groups(structures, energies_per_atom)
    entries = [PhaseEntry(structures[i].composition, energies_per_atom[i], level) for i in groups]
    above = dict(zip(groups, energies_above_hull(entries, competing), strict=True))

    def order(index: int) -> tuple[bool, float, str, float, int]:
        distance = above[index]
        formula = structures[index].composition.reduced_formula
        # Rounded, so that noise far below any level's precision does not decide a rank.
        place = round(distance or 0.0, 6)
        return (distance is None, place, formula, energies_per_atom[index], index)

    return [
        _minimum(rank, index, groups[index], structures, energies_per_atom, above, known)
        for rank, index in enumerate(sorted(groups, key=order), start=1)
    ]


def _groups(
    structures: Sequence[Structure], energies_per_atom: Sequence[float]
) -> dict[int, tuple[int, ...]]:
    """For each distinct crystal the structure that stands for it, and the others.

    Relaxations stop within noise of a minimum, so the lowest energy may belong to a crystal that
    is slightly out of its symmetry; within that noise the most symmetric one is shown.
    """
    members: dict[int, list[int]] = {}
    for index, lowest in enumerate(deduplicate(structures, energies_per_atom).representative):
        members.setdefault(lowest, []).append(index)
    groups = {}
    for lowest, group in members.items():
        limit = energies_per_atom[lowest] + NOISE_ENERGY
        near = [i for i in group if energies_per_atom[i] <= limit]
        face = lowest
        if len(near) > 1:
            face = max(near, key=lambda i: (space_group_number(structures[i]), i == lowest, -i))
        groups[face] = tuple(i for i in group if i != face)
    return groups


def _minimum(
    rank: int,
    index: int,
    others: Sequence[int],
    structures: Sequence[Structure],
    energies_per_atom: Sequence[float],
    above: dict[int, float | None],
    known: Sequence[Structure],
) -> Minimum:
    """The minimum that one representative stands for."""
    crystal = symmetrise(structures[index])
    formula, z = crystal.structure.composition.get_reduced_formula_and_factor()
    return Minimum(
        rank=rank,
        index=index,
        members=(index, *others),
        formula=formula,
        z=round(z),
        energy_per_atom=energies_per_atom[index],
        energy_above_hull=above[index],
        crystal=crystal,
        novel=not any(same_crystal(structures[index], other) for other in known),
    )
