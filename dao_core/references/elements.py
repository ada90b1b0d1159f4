"""The elements of a hull: known ground states at the level of the hull, or published energies.

Potentials learn from compounds and err most about elements that are molecules: what a level makes
of them is compared with what is published before a hull stands on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Structure

from dao_core.elements.ground_states import element_structure
from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.potentials.scale import is_mp2020
from dao_core.references.literature import LiteratureEnergy, literature_energy
from dao_core.relax import Relaxation, RelaxSettings, relax

FIT = 0.05
"""eV/atom by which a level's own element may miss the published one: a choice. Beyond it the
published energy stands in the hull."""
PUBLISHED_STD = 0.01
"""eV/atom, uncertainty of a published energy on its own scale: other settings of the same DFT."""


@dataclass(frozen=True)
class OwnElement:
    """How the known crystal of an element relaxed at a level.

    Attributes:
        structure: the end.
        energy_per_atom: eV/atom, under pressure the enthalpy; None where there is none.
        energy_std: eV/atom, if the level knows it.
        stop_reason: why the relaxation ended.
    """

    structure: Structure | None
    energy_per_atom: float | None
    energy_std: float | None
    stop_reason: str

    @classmethod
    def of(cls, end: Relaxation) -> OwnElement:
        """The end of a relaxation."""
        return cls(end.structure, end.enthalpy_per_atom, end.energy_std, end.stop_reason)


@dataclass(frozen=True)
class ElementReference:
    """The ground state of an element in a hull.

    Attributes:
        symbol: of the element.
        energy_per_atom: eV/atom at the level; None where neither the level nor a table has one.
        energy_std: eV/atom, how far it may be off.
        own: how the known crystal relaxed at the level; None where no crystal is known.
        source: where the energy comes from.
        flag: what a reader must know of it, or None.
    """

    symbol: str
    energy_per_atom: float | None
    energy_std: float
    own: OwnElement | None
    source: str
    flag: str | None = None

    @property
    def shift(self) -> float:
        """What moves the level's crystals of the element onto the reference, eV/atom.

        Zero where the level's own energy is the reference, or where it has none to compare with.
        """
        own = None if self.own is None else self.own.energy_per_atom
        if self.energy_per_atom is None or own is None:
            return 0.0
        return self.energy_per_atom - own

    def height(self, energy_per_atom: float) -> float | None:
        """How far a crystal of the element lies above the known ground state, eV/atom.

        Args:
            energy_per_atom: of the crystal, at the level.

        Returns:
            Below zero for what is lower than the ground state at the same level; None where the
            element has no reference.
        """
        if self.energy_per_atom is None:
            return None
        return energy_per_atom + self.shift - self.energy_per_atom


def element_references(
    symbols: Sequence[str], potential: Potential, settings: RelaxSettings | None = None
) -> list[ElementReference]:
    """Relax the known ground states of elements at a level, and say where they cannot be trusted.

    Args:
        symbols: of the elements.
        potential: the level.
        settings: of the relaxation; under pressure the energies are enthalpies, and no published
            ones take their place.

    Returns:
        One reference per symbol, in the order given.
    """
    settings = settings or RelaxSettings()
    crystals = {symbol: crystal for symbol in symbols if (crystal := known_crystal(symbol))}
    ends = dict(zip(crystals, relax([*crystals.values()], potential, settings), strict=True))
    own = {symbol: OwnElement.of(end) for symbol, end in ends.items()}
    return [reference_of(s, potential.level, own.get(s), settings.pressure) for s in symbols]


def reference_of(
    symbol: str, level: str, own: OwnElement | None, pressure: float = 0.0
) -> ElementReference:
    """The reference of an element from how its known crystal relaxed.

    Args:
        symbol: of the element.
        level: of the relaxation.
        own: its end; None where no crystal of the element is known.
        pressure: GPa.

    Returns:
        The level's own energy where it is fit for the element, else the published one, flagged.
    """
    published = literature_energy(symbol) if is_mp2020(level) and not pressure else None
    if own is None:
        return _published(symbol, own, published, "no crystal of it is known here")
    energy = own.energy_per_atom
    if energy is None or own.stop_reason != "converged":
        return _published(symbol, own, published, f"its crystal ended as {own.stop_reason}")
    if published is not None and abs(energy - published.energy_per_atom) > FIT:
        off = 1000 * (energy - published.energy_per_atom)
        return _published(symbol, own, published, f"{level} misses that by {off:+.0f} meV/atom")
    std = FIT if own.energy_std is None else min(own.energy_std, FIT)
    return ElementReference(symbol, energy, std, own, f"known ground state, relaxed at {level}")


def known_crystal(symbol: str) -> Structure | None:
    """The crystal of an element's ground state, to be relaxed; None where none is known."""
    try:
        return element_structure(symbol)
    except InputError:
        return None


def _published(
    symbol: str, own: OwnElement | None, published: LiteratureEnergy | None, why: str
) -> ElementReference:
    """The published energy in the place of the level's own, or none at all."""
    if published is None:
        return ElementReference(symbol, None, FIT, own, "none", f"no reference of {symbol}: {why}")
    flag = f"{symbol} stands at its published energy ({published.source}): {why}"
    energy = published.energy_per_atom
    return ElementReference(symbol, energy, PUBLISHED_STD, own, published.source, flag)
