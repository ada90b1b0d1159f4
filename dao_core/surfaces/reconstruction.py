"""Reconstructions: the lower half of a slab held, its top made anew and relaxed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.deduplication import deduplicate
from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.generator.generate import Generator
from dao_core.generator.held_parts import HeldParts
from dao_core.potentials.base import Potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.relax.constraints import SELECTIVE_DYNAMICS
from dao_core.surfaces.surface_energy import JOULE_PER_SQUARE_METRE

RATTLE = 0.35
"""angstrom, standard deviation along each axis: enough for neighbours to pair."""
ROUNDING = 0.1
ABOVE = 1.5
"""angstrom above the old top up to which a new top may reach."""


@dataclass(frozen=True)
class Reconstruction:
    """One top of a slab.

    Attributes:
        structure: relaxed, the lower half where it was.
        energy_gain: eV per surface cell below the slab whose top only relaxed.
        surface_energy_change: the same in J/m^2, negative if it is more stable.
        origin: ``unreconstructed``, ``rattled`` or ``dao-g``.
        population: tops that ended here.
        level: of the energies.
    """

    structure: Structure
    energy_gain: float
    surface_energy_change: float
    origin: str
    population: int
    level: str


def reconstruct(
    slab: Structure,
    potential: Potential,
    cell: tuple[int, int] = (2, 1),
    n: int = 16,
    generator: Generator | None = None,
    seed: int = 0,
) -> list[Reconstruction]:
    """Look for tops of a slab that are lower in energy than the one it is cut with.

    Tops are the old one with moved atoms and, with a generator, half of them placed by it above the
    lower half. Cell and lower half stay; only the top relaxes. The energies of the two faces cannot
    be told apart, but the lower one is the same in all.

    Args:
        slab: vacuum along c.
        potential: the level.
        cell: repetitions along a and b.
        n: tops.
        generator: places atoms; its cells must be large enough.
        seed: of the tops.

    Returns:
        Distinct tops, lowest energy first; the unreconstructed one among them.

    Raises:
        InputError: the slab has no lower half, or its plain top cannot be relaxed.
        DomainError: the generator knows no cells of this size.
    """
    plain = _held(slab * (*cell, 1))
    if generator is None:
        starts = [("rattled", top) for top in _rattled(plain, n, seed)]
    else:
        starts = [("rattled", top) for top in _rattled(plain, n - n // 2, seed)]
        starts += [("dao-g", top) for top in _generated(plain, generator, n // 2, seed)]
    settings = RelaxSettings(fix_cell=True)
    reference, *ends = relax([plain, *(top for _, top in starts)], potential, settings)
    if not reference.converged or reference.energy_per_atom is None:
        reason = reference.error or reference.stop_reason
        raise InputError(f"the slab's own top could not be relaxed: {reason}")
    kept = [("unreconstructed", reference)]
    kept += [(o, end) for (o, _), end in zip(starts, ends, strict=True) if end.converged]
    return _ranked(kept, reference)


def _held(slab: Structure) -> Structure:
    """The slab with its lower half held."""
    heights = slab.cart_coords @ _up(slab)
    top = heights > (heights.min() + heights.max()) / 2
    if top.all() or not top.any():
        raise InputError(f"{slab.formula} is one layer: it has no lower half to hold")
    return slab.copy(site_properties={SELECTIVE_DYNAMICS: [[bool(up)] * 3 for up in top]})


def _up(slab: Structure) -> np.ndarray:
    normal = np.cross(*slab.lattice.matrix[:2])
    normal /= np.linalg.norm(normal)
    upward: np.ndarray = normal * np.sign(normal @ slab.lattice.matrix[2])
    return upward


def _rattled(plain: Structure, n: int, seed: int) -> list[Structure]:
    moves = np.array(plain.site_properties[SELECTIVE_DYNAMICS])
    tops = []
    for index in range(n):
        rng = np.random.default_rng([seed, index])
        moved = plain.cart_coords + moves * rng.normal(scale=RATTLE, size=moves.shape)
        top = Structure(
            plain.lattice,
            plain.species,
            moved,
            coords_are_cartesian=True,
            site_properties=plain.site_properties,
        )
        if invalid_reason(top, max_volume_factor=np.inf) is None:
            tops.append(top)
    return tops


def _generated(plain: Structure, generator: Generator, n: int, seed: int) -> list[Structure]:
    """Tops placed by the generator that lie on the slab: not in the vacuum, not in the way."""
    moves = np.array([flags[0] for flags in plain.site_properties[SELECTIVE_DYNAMICS]])
    below = Structure.from_sites([site for site, up in zip(plain, moves, strict=True) if not up])
    below.remove_site_property(SELECTIVE_DYNAMICS)
    up = _up(plain)
    reach = (plain.cart_coords @ up).max() + ABOVE
    ground = (below.cart_coords @ up).min() - ROUNDING
    held = HeldParts(lattice=plain.lattice, sites=below)
    tops = []
    for sample in generator.generate([plain.composition], n, held=held, seed=seed):
        top = sample.structure
        heights = top.cart_coords @ up
        valid = invalid_reason(top, max_volume_factor=np.inf) is None
        if valid and heights.max() <= reach and heights.min() >= ground:
            tops.append(_held(top))
    return tops


def _ranked(kept: list[tuple[str, Relaxation]], reference: Relaxation) -> list[Reconstruction]:
    energies = [end.energy_per_atom or 0.0 for _, end in kept]
    groups = deduplicate([end.structure for _, end in kept], energies)
    area = float(np.linalg.norm(np.cross(*reference.structure.lattice.matrix[:2])))
    found = []
    for index in groups.unique:
        origin, end = kept[index]
        gain = (energies[0] - energies[index]) * len(end.structure)
        change = -gain / area * JOULE_PER_SQUARE_METRE
        population = groups.representative.count(index)
        found.append(Reconstruction(end.structure, gain, change, origin, population, end.level))
    return sorted(found, key=lambda one: -one.energy_gain)
