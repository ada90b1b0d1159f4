"""Known phases of a campaign's system, relaxed at its level and kept in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from pymatgen.core import Structure

from dao_core.errors import InputError
from dao_core.hashing import content_id
from dao_core.potentials import Potential
from dao_core.references import ElementReference, OwnElement, known_crystal, reference_of
from dao_core.relax import relax
from flows.campaign.conditions import Conditions
from flows.campaign.relaxation import as_crystal, outcome_fields
from stores import DaoStore
from stores.documents import LabelDocument, RelaxationDocument, StructureDocument

STABLE = 0.05
"""eV/atom above the hull of its source up to which a labelled phase competes."""
MOST_KNOWN = 40
"""Labelled phases of a system, the most stable first."""
MOST_ATOMS = 60
"""Of one labelled phase."""


def element_references(
    store: DaoStore, elements: Sequence[str], potential: Potential, conditions: Conditions
) -> list[ElementReference]:
    """The known ground states of elements at a level; what is not in the store is relaxed now.

    Args:
        store: Where to look and to write.
        elements: Their symbols.
        potential: The level.
        conditions: Level and settings of the relaxations.
    """
    crystals = {s: crystal for s in elements if (crystal := known_crystal(s)) is not None}
    ends = relaxed_phases(store, crystals, potential, conditions)
    own = {
        symbol: OwnElement(end.to_pymatgen(), end.energy_per_atom, end.energy_std, end.stop_reason)
        for symbol, end in ends.items()
    }
    pressure = conditions.settings.pressure
    return [reference_of(s, conditions.level, own.get(s), pressure) for s in elements]


def known_phases(
    store: DaoStore, elements: Sequence[str], potential: Potential, conditions: Conditions
) -> list[RelaxationDocument]:
    """Compounds that labels of the store call stable, relaxed at a level.

    Args:
        store: Where to look and to write.
        elements: Of the system.
        potential: The level.
        conditions: Level and settings of the relaxations.
    """
    systems = [
        "-".join(part)
        for size in range(2, len(elements) + 1)
        for part in combinations(sorted(elements), size)
    ]
    criteria = {"chemsys": {"$in": systems}, "energy_above_hull": {"$lte": STABLE}}
    lowest: dict[str, LabelDocument] = {}
    for label in store.find(LabelDocument, criteria, sort={"energy_above_hull": 1}):
        if label.nsites <= MOST_ATOMS and len(lowest) < MOST_KNOWN:
            lowest.setdefault(label.formula, label)
    crystals = {label.label_id: label.to_pymatgen() for label in lowest.values()}
    return [*relaxed_phases(store, crystals, potential, conditions).values()]


def relaxed_phases(
    store: DaoStore,
    crystals: Mapping[str, Structure],
    potential: Potential,
    conditions: Conditions,
) -> dict[str, RelaxationDocument]:
    """Relax known crystals that the store does not know relaxed like this.

    No campaign owns them, so that each finds them done and none counts them as its own.

    Args:
        store: Where to look and to write.
        crystals: By any name.
        potential: What relaxes them.
        conditions: Level and settings.

    Returns:
        The relaxations by the same names.
    """
    starts = {name: _start(crystal) for name, crystal in crystals.items()}
    keys = {name: _key(one, conditions) for name, one in starts.items() if one is not None}
    wanted = {"relaxation_id": {"$in": [*keys.values()]}}
    found = {one.relaxation_id: one for one in store.find(RelaxationDocument, wanted)}
    missing = [name for name, key in keys.items() if key not in found]
    ends = relax([crystals[name] for name in missing], potential, conditions.settings)
    for name, end in zip(missing, ends, strict=True):
        start, crystal = starts[name], as_crystal(end)
        if start is None:
            continue
        document = RelaxationDocument(
            relaxation_id=keys[name],
            initial_structure_id=start.structure_id,
            level=conditions.level,
            settings=conditions.as_dict(),
            **outcome_fields(end, crystal, start),
        )
        with store.transaction():
            store.put([start, *([crystal] if crystal else [])])
            store.put(document)
        found[document.relaxation_id] = document
    return {name: found[key] for name, key in keys.items() if key in found}


def _start(crystal: Structure) -> StructureDocument | None:
    """A crystal as the store keeps it; None for one that cannot be computed."""
    try:
        return StructureDocument.from_structure(crystal)
    except InputError:
        return None


def _key(start: StructureDocument, conditions: Conditions) -> str:
    content = {
        "reference": start.structure_id,
        "level": conditions.level,
        "settings": conditions.as_dict(),
    }
    return content_id("r", content)
