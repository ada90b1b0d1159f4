"""Known phases of a search's system, relaxed at its level and kept in the memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.errors import InputError
from dao_core.hashing import content_id
from dao_core.potentials import Potential
from dao_core.references import ElementReference, OwnElement, known_crystal, reference_of
from dao_core.relax import relax
from dao_core.search.conditions import Conditions
from dao_core.search.memory import SearchMemory
from dao_core.search.records import RelaxedCandidate, outcome

STABLE = 0.05
"""eV/atom above the hull of its source up to which a labelled phase competes."""
MOST_KNOWN = 40
"""Labelled phases of a system, the most stable first."""
MOST_ATOMS = 60
"""Of one labelled phase."""


def element_references(
    memory: SearchMemory, elements: Sequence[str], potential: Potential, conditions: Conditions
) -> list[ElementReference]:
    """The known ground states of elements at a level; what is not in the memory is relaxed now.

    Args:
        memory: Where to look and to keep.
        elements: Their symbols.
        potential: The level.
        conditions: Level and settings of the relaxations.
    """
    crystals = {s: crystal for s in elements if (crystal := known_crystal(s)) is not None}
    ends = relaxed_phases(memory, crystals, potential, conditions)
    own = {
        symbol: OwnElement(end.to_pymatgen(), end.energy_per_atom, end.energy_std, end.stop_reason)
        for symbol, end in ends.items()
    }
    pressure = conditions.settings.pressure
    return [reference_of(s, conditions.level, own.get(s), pressure) for s in elements]


def known_phases(
    memory: SearchMemory, elements: Sequence[str], potential: Potential, conditions: Conditions
) -> list[RelaxedCandidate]:
    """Compounds that labels of the memory call stable, relaxed at a level.

    Args:
        memory: Where to look and to keep.
        elements: Of the system.
        potential: The level.
        conditions: Level and settings of the relaxations.
    """
    crystals = memory.stable(elements, STABLE, MOST_ATOMS, MOST_KNOWN)
    return [*relaxed_phases(memory, crystals, potential, conditions).values()]


def relaxed_phases(
    memory: SearchMemory,
    crystals: Mapping[str, Structure],
    potential: Potential,
    conditions: Conditions,
) -> dict[str, RelaxedCandidate]:
    """Relax known crystals that the memory does not know relaxed like this.

    No search owns them, so that each finds them done and none counts them as its own.

    Args:
        memory: Where to look and to keep.
        crystals: By any name.
        potential: What relaxes them.
        conditions: Level and settings.

    Returns:
        The relaxations by the same names.
    """
    starts = {name: start for name, one in crystals.items() if (start := _start(one)) is not None}
    keys = {name: _key(start, conditions) for name, start in starts.items()}
    found = {one.relaxation_id: one for one in memory.relaxed([*keys.values()])}
    missing = [name for name, key in keys.items() if key not in found]
    ends = relax([crystals[name] for name in missing], potential, conditions.settings)
    for name, end in zip(missing, ends, strict=True):
        crystal = crystals[name]
        relaxed = RelaxedCandidate(
            relaxation_id=keys[name],
            initial_structure_id=starts[name],
            level=conditions.level,
            settings=conditions.as_dict(),
            **outcome(end, crystal.composition.reduced_formula, len(crystal)),
        )
        with memory.together():
            memory.put_crystals([crystal])
            memory.put_relaxed([relaxed])
        found[relaxed.relaxation_id] = relaxed
    return {name: found[key] for name, key in keys.items() if key in found}


def _start(crystal: Structure) -> str | None:
    """Id of a crystal; None for one that cannot be computed."""
    try:
        return structure_id(crystal)
    except InputError:
        return None


def _key(start: str, conditions: Conditions) -> str:
    content = {"reference": start, "level": conditions.level, "settings": conditions.as_dict()}
    return content_id("r", content)
