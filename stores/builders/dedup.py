"""Near-duplicates across all campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from dao_core.crystal.fingerprint import fingerprint
from stores.builders.base import StoreBuilder
from stores.dao_store import WriteReport
from stores.documents import Document, DuplicateDocument

FINGERPRINT_BOUND = 0.1
"""Of the mean distance between atoms: fingerprints further apart belong to different structures."""
BUCKETS = 100
"""How many buckets are read, grouped and written together."""


class DedupBuilder(StoreBuilder):
    """Groups of near-duplicates: composition, space group, fingerprint, StructureMatcher last.

    Being alike is not transitive (A like B, B like C, A unlike C), so groups have leaders: going
    through a bucket (one composition and space group) in the order of ``structure_id``, each
    structure joins the first leader that it is alike to, or becomes a leader. The groups follow
    from the set of structures alone, whatever the order in which they came, and every member is
    alike to its leader.

    New structures are first described, then each bucket with new ones is looked through once.
    """

    name = "dedup"
    source_names = ("structures",)
    target_names = ("duplicates",)

    matcher = StructureMatcher()

    def items_of(self, collection: str, keys: list[str]) -> Iterable[dict[str, Any]]:
        """New structures."""
        wanted = ["structure_id", "formula", "space_group_number", "structure"]
        return self.store.collections[collection].query({"structure_id": {"$in": keys}}, wanted)

    def process_item(self, item: dict[str, Any]) -> list[Document]:
        """The description of a structure, for now in a group of its own."""
        numbers = fingerprint(Structure.from_dict(item["structure"]))
        return [
            DuplicateDocument(
                structure_id=item["structure_id"],
                bucket=f"{item['formula']}|{item['space_group_number']}",
                fingerprint=numbers.round(4).ravel().tolist(),
                group_id=item["structure_id"],
                is_grouped=False,
            )
        ]

    def complete(self) -> WriteReport:
        """Group the buckets that hold structures without a group."""
        written = WriteReport()
        while pending := self._pending():
            for start in range(0, len(pending), BUCKETS):
                written += self._group(pending[start : start + BUCKETS])
        return written

    def _pending(self) -> list[str]:
        found = self.store.duplicates.query({"is_grouped": False}, ["bucket"])
        return sorted({one["bucket"] for one in found})

    def _group(self, buckets: list[str]) -> WriteReport:
        """Group some buckets; they stay pending if another builder changed them meanwhile."""
        within = {"bucket": {"$in": buckets}}
        members = sorted(
            self.store.find(DuplicateDocument, within), key=lambda one: (one.bucket, one.id)
        )
        before = {one.id: one.group_id for one in members}
        changed: list[DuplicateDocument] = []
        for _, bucket in groupby(members, key=lambda one: one.bucket):
            changed += self.group_bucket(list(bucket))
        with self.store.transaction():
            found = self.store.duplicates.query(within, ["structure_id", "group_id"])
            if {one["structure_id"]: one["group_id"] for one in found} != before:
                return WriteReport()
            return self.store.put(changed)

    def group_bucket(self, members: list[DuplicateDocument]) -> list[DuplicateDocument]:
        """Find the leader of each member of one bucket.

        Args:
            members: the whole bucket by ``structure_id``; changed in place.

        Returns:
            Those that were changed.
        """
        prints = np.array([one.fingerprint for one in members])
        structures: dict[str, Structure] = {}
        leaders: list[int] = []
        changed = []
        for number, member in enumerate(members):
            before = (member.group_id, len(member.compared), member.is_grouped)
            distances = np.abs(prints[leaders] - prints[number]).max(axis=1)
            near = (
                members[leaders[place]] for place in np.flatnonzero(distances <= FINGERPRINT_BOUND)
            )
            leader = next((one for one in near if self._alike(one, member, structures)), member)
            member.group_id, member.is_grouped = leader.id, True
            if leader is member:
                leaders.append(number)
            if before != (member.group_id, len(member.compared), True):
                changed.append(member)
        return changed

    def _alike(
        self,
        leader: DuplicateDocument,
        member: DuplicateDocument,
        structures: dict[str, Structure],
    ) -> bool:
        known = member.compared.get(leader.id)
        if known is None:
            first, second = (self._structure(one.id, structures) for one in (leader, member))
            known = bool(self.matcher.fit(first, second))
            member.compared[leader.id] = known
        return known

    def _structure(self, structure_id: str, structures: dict[str, Structure]) -> Structure:
        """The crystal, read once per bucket."""
        if structure_id not in structures:
            stored = self.store.structures.query_one({"structure_id": structure_id}, ["structure"])
            structures[structure_id] = Structure.from_dict(stored["structure"])
        return structures[structure_id]
