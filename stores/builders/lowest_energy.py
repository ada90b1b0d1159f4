"""The lowest energy of each structure at each level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from maggma.core import Store

from stores.dao_store import DaoStore
from stores.documents import TARGET_PRESSURE, LabelDocument, ThermoDocument, hull_id
from stores.documents.impossible import impossible_reason

FIELDS = [
    "structure_id", "level", "energy_per_atom", "formula", "formula_anonymous", "chemsys",
    "elements", "nelements", "nsites", "space_group", "space_group_number", "pressure",
    "converged", "relaxation_id", "label_id",
]  # fmt: skip
COUNTING = ["withdrawn", "forces", "stress", "formation_energy_per_atom", "energy_above_hull",
            "band_gap", "properties"]  # fmt: skip
"""Further fields that decide whether a label counts."""
SYMMETRY = ("space_group", "space_group_number")


def lowest_energies(store: DaoStore, collection: str, keys: list[str]) -> dict[str, ThermoDocument]:
    """Thermo documents, still without a hull, of the structures that some documents speak of.

    Args:
        store: the store.
        collection: ``relaxations`` or ``labels``.
        keys: ids of new documents of it.

    Returns:
        thermo id -> document; of equal energies the source with the smallest id is named first.
    """
    source = store.collections[collection]
    structure_ids = structures_of(source, keys)
    symmetry = {
        one["structure_id"]: {name: one[name] for name in SYMMETRY}
        for one in store.structures.query(
            {"structure_id": {"$in": structure_ids}}, ["structure_id", *SYMMETRY]
        )
    }
    lowest: dict[str, ThermoDocument] = {}
    for collection_name, found in _energies(store, structure_ids):
        entry = _entry(collection_name, found, symmetry.get(found["structure_id"], {}))
        known = lowest.get(entry.id)
        if known is None or entry.energy_per_atom < known.energy_per_atom:
            lowest[entry.id] = entry
        elif entry.energy_per_atom == known.energy_per_atom:
            known.sources += entry.sources
            known.sources.sort(key=lambda one: one["id"])
    return lowest


def structures_of(source: Store, keys: list[str]) -> list[str]:
    """Ids of the structures that some documents of a collection speak of."""
    found = source.query({source.key: {"$in": keys}}, ["structure_id"])
    return sorted({one["structure_id"] for one in found if one.get("structure_id")})


def _energies(store: DaoStore, structure_ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that gives an energy at zero pressure to one of the structures."""
    criteria = {"structure_id": {"$in": structure_ids}}
    for relaxation in store.relaxations.query(criteria, FIELDS):
        if not relaxation["converged"] or relaxation["pressure"] != 0.0:
            continue
        if relaxation["energy_per_atom"] is not None and not impossible_reason(relaxation):
            yield "relaxations", relaxation
    for label in store.labels.query(criteria, [*FIELDS, *COUNTING]):
        under_pressure = (label.get("properties") or {}).get(TARGET_PRESSURE)
        if under_pressure or label["energy_per_atom"] is None:
            continue
        if LabelDocument.is_given_out(label):
            yield "labels", {name: label[name] for name in FIELDS if name in label}


def _entry(collection: str, found: dict[str, Any], symmetry: dict[str, Any]) -> ThermoDocument:
    key = "relaxation_id" if collection == "relaxations" else "label_id"
    skipped = {"_id", "pressure", "converged", "relaxation_id", "label_id", *SYMMETRY}
    own = {name: found[name] for name in SYMMETRY if found.get(name) is not None}
    return ThermoDocument(
        thermo_id=f"{found['structure_id']}@{found['level']}",
        hull_id=hull_id(found["chemsys"], found["level"]),
        sources=[{"collection": collection, "id": found[key]}],
        **{name: value for name, value in found.items() if name not in skipped},
        **{**symmetry, **own},
    )
