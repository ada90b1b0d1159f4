"""Counts per chemical system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stores.builders.base import StoreBuilder
from stores.documents import Document, StatisticsDocument


class StatisticsBuilder(StoreBuilder):
    """What the store holds of each chemical system; only systems with news are counted again."""

    name = "statistics"
    source_names = ("structures", "candidates", "relaxations", "labels", "thermo")
    target_names = ("statistics",)

    def items_of(self, collection: str, keys: list[str]) -> Iterable[str]:
        """The chemical systems that new documents belong to."""
        source = self.store.collections[collection]
        # Not by ``distinct``: the wire-protocol server leaves out ``$in`` there.
        found = source.query({source.key: {"$in": keys}}, ["chemsys"])
        return sorted({one["chemsys"] for one in found})

    def process_item(self, item: str) -> list[Document]:
        """The counts of one chemical system."""
        store, where = self.store, {"chemsys": item}
        candidates = list(store.candidates.query(where, ["origin", "rejection"]))
        identities = [
            one["structure_id"] for one in store.structures.query(where, ["structure_id"])
        ]
        groups = {one["group_id"] for one in store.duplicates.query(_in(identities), ["group_id"])}
        rejections = (one["rejection"] for one in candidates if one.get("rejection"))
        stable = store.thermo.query({**where, "is_stable": True}, ["level"])
        return [
            StatisticsDocument(
                chemsys=item,
                structures=len(identities),
                groups=len(groups),
                candidates=dict(Counter(one["origin"] for one in candidates)),
                rejected=dict(Counter(rejections)),
                relaxations=self._by_level("relaxations", item),
                labels=self._by_level("labels", item),
                stable=dict(Counter(one["level"] for one in stable)),
            )
        ]

    def _by_level(self, collection: str, chemsys: str) -> dict[str, int]:
        found = self.store.collections[collection].query({"chemsys": chemsys}, ["level"])
        return dict(Counter(one["level"] for one in found))


def _in(identities: list[str]) -> dict[str, dict[str, list[str]]]:
    return {"structure_id": {"$in": identities}}
