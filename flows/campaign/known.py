"""Known crystals in the store that serve a campaign as templates."""

from __future__ import annotations

from collections.abc import Iterator

from dao_core.search.sources import Template
from dao_core.search.sources.template import best_templates
from flows.campaign.running import Campaign
from stores import DaoStore
from stores.documents import LabelDocument, StructureDocument
from stores.documents.label import REFINEMENT

PER_CELL = 8
"""Templates of one cell, the most similar ones."""
CONSIDERED = 2000
"""Structures of one anonymous formula that are looked at."""
STABLE = 0.1
"""eV/atom above the hull of its source up to which a labelled structure is worth copying."""


def known_templates(campaign: Campaign) -> dict[tuple[str, int], tuple[str, ...]]:
    """Ids of the structures whose chemistry is nearest, for each (reduced formula, atoms).

    Only what came from a database or a calculation is taken (it has a label); what other searches
    relaxed is unproven.
    """
    anonymous = {cell.composition.anonymized_formula for cell in campaign.cells}
    known: list[Template] = []
    for formula in sorted(anonymous):
        known.extend(_labelled(campaign, formula))
    if not known:
        return {}
    return {
        (cell.formula, cell.natoms): tuple(
            template.label for template in best_templates(cell, known, PER_CELL)
        )
        for cell in campaign.cells
    }


def _labelled(campaign: Campaign, formula: str) -> Iterator[Template]:
    """Labelled structures of an anonymous formula that are not known to be unstable."""
    labels = campaign.store.collections[LabelDocument.collection].query(
        {"formula_anonymous": formula, "source": {"$ne": REFINEMENT}},
        properties=["structure_id", "energy_above_hull"],
        sort={"structure_id": 1},
        limit=CONSIDERED,
    )
    wanted = {
        label["structure_id"]
        for label in labels
        if (label.get("energy_above_hull") or 0.0) <= STABLE
    }
    found = campaign.store.find(
        StructureDocument, {"structure_id": {"$in": sorted(wanted)}}, sort={"structure_id": 1}
    )
    for document in found:
        yield Template.known(document.structure_id, document.to_pymatgen())


def open_templates(store: DaoStore, identities: tuple[str, ...]) -> list[Template]:
    """Templates of some structures of the store, in the given order."""
    found = store.find(StructureDocument, {"structure_id": {"$in": list(identities)}})
    structures = {document.structure_id: document.to_pymatgen() for document in found}
    return [Template.known(key, structures[key]) for key in identities if key in structures]
