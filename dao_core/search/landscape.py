"""The landscape of a search: distinct minima of every composition, placed on the hull, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.deduplication import NOISE_ENERGY, deduplicate, same_crystal
from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance
from dao_core.crystal.reading import NamedStructure
from dao_core.crystal.symmetry import SymmetrisedCrystal, space_group_number, symmetrise
from dao_core.hull import PhaseEntry
from dao_core.references.elements import ElementReference
from dao_core.references.placing import Height, place

__all__ = ["TIE_ENERGY", "Minimum", "distance_matrix", "landscape", "same_crystal"]

TIE_ENERGY = 1e-3
"""Polymorphs closer than this (eV/atom) are not told apart by their energy: a universal potential
errs by tens of meV/atom. CHGNet, for one, has lonsdaleite silicon 0.5 meV/atom below diamond."""


@dataclass(frozen=True)
class Minimum:
    """A distinct minimum of the energy.

    Attributes:
        rank: from 1, nearest to the hull first, see :func:`landscape`.
        index: position of the structure that stands for it: of those within noise of the lowest
            energy, the most symmetric one.
        members: positions of all structures that ended in it, ``index`` first; how many there are
            tells how easily the minimum is found.
        formula: reduced formula.
        z: formula units in the symmetrised primitive cell.
        energy_per_atom: eV/atom.
        energy_above_hull: eV/atom, None where an element has no energy at this level; below zero
            for a crystal of an element below its known ground state.
        energy_above_hull_std: eV/atom, references included; None where the level knows none.
        crystal: symmetrised.
        distance_to_best: largest difference of its fingerprint to that of the best minimum of its
            composition, 0 for the best itself.
        known_as: name of the known structure that it is, None if it is none of them.
    """

    rank: int
    index: int
    members: tuple[int, ...]
    formula: str
    z: int
    energy_per_atom: float
    energy_above_hull: float | None
    energy_above_hull_std: float | None
    crystal: SymmetrisedCrystal
    distance_to_best: float
    known_as: str | None

    @property
    def novel(self) -> bool:
        """Whether it is none of the known structures."""
        return self.known_as is None

    @property
    def space_group(self) -> str:
        """International short symbol."""
        return self.crystal.space_group


def landscape(
    structures: Sequence[Structure],
    energies_per_atom: Sequence[float],
    level: str,
    competing: Sequence[PhaseEntry] = (),
    known: Sequence[NamedStructure] = (),
    references: Sequence[ElementReference] = (),
    stds: Sequence[float | None] | None = None,
) -> list[Minimum]:
    """Distinct minima of relaxed structures, the most stable first.

    Minima without a place on a hull come last. Polymorphs within :data:`TIE_ENERGY` of the lowest
    of them are a tie that no level resolves: the smaller, then the more symmetric cell comes first.
    Compounds come before elements where both lie on the hull.

    Args:
        structures: relaxed crystals of any compositions.
        energies_per_atom: eV/atom, one for each.
        level: of all energies.
        competing: further phases of the hull.
        known: structures that are not novel, those with the best names first.
        references: known ground states of elements, the corners of the hull.
        stds: uncertainty of each energy, eV/atom, None where the level knows none.

    Raises:
        InputError: a competing phase is of another level, or atoms lie on top of each other.
    """
    groups = _groups(structures, energies_per_atom)
    crystals = {index: symmetrise(structures[index]) for index in groups}
    entries = [PhaseEntry(structures[i].composition, energies_per_atom[i], level) for i in groups]
    own_stds = [None if stds is None else stds[i] for i in groups]
    heights = dict(zip(groups, place(entries, own_stds, competing, references), strict=True))
    above = {index: height.energy_above_hull for index, height in heights.items()}
    lowest = _lowest_of_ties(structures, energies_per_atom, groups)

    def order(index: int) -> tuple[bool, float, bool, str, float, int, int, float, int]:
        composition, crystal = structures[index].composition, crystals[index]
        tie = lowest[index]
        # Rounded, so that noise far below any level's precision does not decide a rank.
        return (
            above[tie] is None,
            round(max(above[tie] or 0.0, 0.0), 6),
            composition.is_element,
            composition.reduced_formula,
            energies_per_atom[tie],
            len(crystal.structure),
            -crystal.space_group_number,
            energies_per_atom[index],
            index,
        )

    ordered = sorted(groups, key=order)
    distances = _distances_to_best([structures[index] for index in ordered])
    return [
        _minimum(
            rank, index, groups[index], crystals[index], energies_per_atom, heights, distance, known
        )
        for rank, (index, distance) in enumerate(zip(ordered, distances, strict=True), start=1)
    ]


def distance_matrix(structures: Sequence[Structure]) -> np.ndarray:
    """How far minima of one composition are from each other, ``[n, n]``.

    Largest differences of fingerprints, in units of the cube root of the volume per atom (see
    :func:`dao_core.crystal.fingerprint.coloured_fingerprint`).
    """
    prints = [coloured_fingerprint(structure) for structure in structures]
    return np.array([[fingerprint_distance(one, other) for other in prints] for one in prints])


def _distances_to_best(ordered: Sequence[Structure]) -> list[float]:
    """Distance of fingerprints from the first structure of the same formula."""
    best: dict[str, np.ndarray] = {}
    distances = []
    for structure in ordered:
        own = coloured_fingerprint(structure)
        reference = best.setdefault(structure.composition.reduced_formula, own)
        distances.append(fingerprint_distance(own, reference))
    return distances


def _lowest_of_ties(
    structures: Sequence[Structure], energies_per_atom: Sequence[float], indices: Iterable[int]
) -> dict[int, int]:
    """For each minimum the lowest one of its composition that it ties with, often itself."""
    lowest: dict[int, int] = {}
    current: dict[str, int] = {}
    for index in sorted(indices, key=lambda i: (energies_per_atom[i], i)):
        formula = structures[index].composition.reduced_formula
        first = current.setdefault(formula, index)
        if energies_per_atom[index] - energies_per_atom[first] > TIE_ENERGY:
            current[formula] = first = index
        lowest[index] = first
    return lowest


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
    return _joined(groups, structures, energies_per_atom)


def _joined(
    groups: dict[int, tuple[int, ...]],
    structures: Sequence[Structure],
    energies_per_atom: Sequence[float],
) -> dict[int, tuple[int, ...]]:
    """Groups whose faces are one crystal, though their lowest members were not."""
    faces = list(groups)
    found = deduplicate([structures[i] for i in faces], [energies_per_atom[i] for i in faces])
    joined = {faces[lowest]: groups[faces[lowest]] for lowest in found.representative}
    for face, lowest in zip(faces, found.representative, strict=True):
        if faces[lowest] != face:
            joined[faces[lowest]] += (face, *groups[face])
    return joined


def _minimum(
    rank: int,
    index: int,
    others: Sequence[int],
    crystal: SymmetrisedCrystal,
    energies_per_atom: Sequence[float],
    heights: dict[int, Height],
    distance_to_best: float,
    known: Sequence[NamedStructure],
) -> Minimum:
    """The minimum that one representative stands for."""
    formula, z = crystal.structure.composition.get_reduced_formula_and_factor()
    return Minimum(
        rank=rank,
        index=index,
        members=(index, *others),
        formula=formula,
        z=max(1, round(z)),  # one atom of O2 is half a formula unit
        energy_per_atom=energies_per_atom[index],
        energy_above_hull=heights[index].energy_above_hull,
        energy_above_hull_std=heights[index].std,
        crystal=crystal,
        distance_to_best=distance_to_best,
        known_as=next(
            (one.source for one in known if same_crystal(crystal.structure, one.structure)), None
        ),
    )
