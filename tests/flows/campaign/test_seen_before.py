"""What a search cannot discover, under the names that a reader knows."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from pymatgen.core import Lattice, Structure

from dao_core.search.seen_before import seen_before
from dao_core.search.setup import SearchSetup
from stores import DaoStore, open_store
from stores.documents import CampaignDocument, LabelDocument, StructureDocument, utc_now
from stores.search_memory import StoreMemory


def crystal(a: float) -> Structure:
    return Structure(Lattice.cubic(a), ["Na", "Cl"], [[0, 0, 0], [0.5] * 3])


def names_known(store: DaoStore, hours: int) -> list[str]:
    """What a campaign that began some hours from now cannot discover."""
    begun = CampaignDocument(
        campaign_id="k", target=["NaCl"], chemsys="Cl-Na", level="test", settings={}, seeds={},
        versions={}, started=utc_now() + timedelta(hours=hours),
    )  # fmt: skip
    store.put(begun)
    search = cast("SearchSetup", SimpleNamespace(memory=StoreMemory(store), search_id="k"))
    return [known.source for known in seen_before(search, ["NaCl"])]


def test_labelled_crystals_come_first_then_prototypes_then_what_others_left() -> None:
    reference, other = crystal(3.5), crystal(4.5)
    with open_store("memory://") as store:
        store.put([StructureDocument.from_structure(reference)])
        store.put([StructureDocument.from_structure(other)])
        store.put([LabelDocument.of(reference, level="mp", source="materials-project",
                                    source_id="mp-22851")])  # fmt: skip
        names = names_known(store, 1)
        assert names[0] == "materials-project mp-22851"
        assert any(name.startswith("AFLOW AB_cF8_225_a_b") for name in names[1:-1])
        assert names[-1].startswith("store ")
        assert all(name.startswith("AFLOW") for name in names_known(store, -1))
