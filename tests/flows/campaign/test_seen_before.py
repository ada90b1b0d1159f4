"""What a campaign cannot discover, under the names that a reader knows."""

from __future__ import annotations

from datetime import timedelta

from pymatgen.core import Lattice, Structure

from flows.campaign.seen_before import seen_before
from stores import open_store
from stores.documents import LabelDocument, StructureDocument, utc_now


def crystal(a: float) -> Structure:
    return Structure(Lattice.cubic(a), ["Na", "Cl"], [[0, 0, 0], [0.5] * 3])


def test_labelled_crystals_come_first_then_prototypes_then_what_others_left() -> None:
    reference, other = crystal(3.5), crystal(4.5)
    with open_store("memory://") as store:
        store.put([StructureDocument.from_structure(reference)])
        store.put([StructureDocument.from_structure(other)])
        store.put([LabelDocument.of(reference, level="mp", source="materials-project",
                                    source_id="mp-22851")])  # fmt: skip
        later = utc_now() + timedelta(hours=1)
        names = [known.source for known in seen_before(store, ["NaCl"], later)]
        assert names[0] == "materials-project mp-22851"
        assert any(name.startswith("AFLOW AB_cF8_225_a_b") for name in names[1:-1])
        assert names[-1].startswith("store ")
        before = utc_now() - timedelta(hours=1)
        assert all(k.source.startswith("AFLOW") for k in seen_before(store, ["NaCl"], before))
