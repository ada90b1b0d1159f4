"""A framework filled by DAO-G, relaxed while it is held, then released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pymatgen.core import Composition, Structure

from dao_core.crystal.deduplication import deduplicate
from dao_core.crystal.validity import invalid_reason
from dao_core.frameworks.counts import Filling
from dao_core.frameworks.network import Network, describe_network
from dao_core.generator.generate import Generator
from dao_core.generator.held_parts import HeldParts
from dao_core.potentials.base import Potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.relax.constraints import SELECTIVE_DYNAMICS

HELD = RelaxSettings(fix_cell=True, max_steps=100)
"""The filling finds its place; how well it must converge is decided after the release."""


@dataclass(frozen=True)
class FilledCrystal:
    """A distinct crystal that a filled framework relaxed to.

    Attributes:
        structure: released, at the pressure of the search.
        filling: what was filled with how much.
        enthalpy_per_atom: eV/atom, at the level of the potential.
        energy_std: the potential's own uncertainty, eV/atom, or None.
        network: of the filling's element.
        cluster: number of the network's kind, from 0 at the lowest enthalpy of each amount.
        population: samples that ended here.
        outside_domain: why the potential was not made for it, or None.
    """

    structure: Structure
    filling: Filling
    enthalpy_per_atom: float
    energy_std: float | None
    network: Network
    cluster: int
    population: int
    outside_domain: str | None


@dataclass(frozen=True)
class FillingOutcome:
    """What became of the samples of one amount.

    Attributes:
        crystals: distinct ones, lowest enthalpy first.
        sampled: samples in all.
        lost: number of samples by reason.
    """

    crystals: tuple[FilledCrystal, ...]
    sampled: int
    lost: dict[str, int]


def fill_framework(
    filling: Filling,
    generator: Generator,
    potential: Potential,
    n: int,
    pressure: float = 0.0,
    seed: int = 0,
) -> FillingOutcome:
    """Fill, relax with the framework held, release, and keep what is distinct.

    The lattice and the sites of the framework are held while DAO-G places the rest. Samples with
    overlapping atoms are counted and left; the others relax in two steps, of which the second is at
    ``pressure`` without any constraint.

    Args:
        filling: framework and amount.
        generator: places the filling.
        potential: relaxes and ranks.
        n: samples.
        pressure: GPa.
        seed: of the samples.

    Raises:
        DomainError: the cell is larger than the generator knows.
    """
    framework = filling.framework
    cell = Composition({**framework.composition, filling.symbol: filling.number})
    held = HeldParts(lattice=framework.lattice, sites=framework)
    lost: dict[str, int] = {}
    starts = []
    for sample in generator.generate([cell], n, held=held, seed=seed):
        reason = invalid_reason(sample.structure)
        if reason is None:
            starts.append(_with_framework_held(sample.structure, filling.symbol))
        else:
            lost[reason] = lost.get(reason, 0) + 1
    settled = [end.structure for end in relax(starts, potential, HELD)]
    # What a relaxation ends with holds nothing any more.
    ends = relax(settled, potential, RelaxSettings(pressure=pressure))
    for end in ends:
        if not end.converged:
            lost[end.stop_reason] = lost.get(end.stop_reason, 0) + 1
    crystals = _distinct([end for end in ends if end.converged], filling)
    return FillingOutcome(tuple(crystals), n, lost)


def _with_framework_held(structure: Structure, symbol: str) -> Structure:
    """The structure with only the filling free to move."""
    moves = [[site.specie.symbol == symbol] * 3 for site in structure]
    return structure.copy(site_properties={SELECTIVE_DYNAMICS: moves})


def _distinct(ends: Sequence[Relaxation], filling: Filling) -> list[FilledCrystal]:
    enthalpies = [end.enthalpy_per_atom or 0.0 for end in ends]
    groups = deduplicate([end.structure for end in ends], enthalpies)
    found = [
        FilledCrystal(
            structure=ends[index].structure,
            filling=filling,
            enthalpy_per_atom=enthalpies[index],
            energy_std=ends[index].energy_std,
            network=describe_network(ends[index].structure, filling.symbol),
            cluster=0,
            population=groups.representative.count(index),
            outside_domain=ends[index].outside_domain,
        )
        for index in groups.unique
    ]
    found.sort(key=lambda crystal: crystal.enthalpy_per_atom)
    kinds: dict[tuple[object, ...], int] = {}
    return [
        replace(crystal, cluster=kinds.setdefault(crystal.network.signature, len(kinds)))
        for crystal in found
    ]
