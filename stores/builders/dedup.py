"""Near-duplicates across all campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from stores.builders.base import StoreBuilder
from stores.builders.fingerprint import fingerprint, fingerprint_distance
from stores.documents import Document, DuplicateDocument

FINGERPRINT_BOUND = 0.1
"""Of the mean distance between atoms: fingerprints further apart belong to different structures."""


@dataclass
class Bucket:
    """All structures of one composition and space group, new and known.

    Attributes:
        members: their documents by structure_id.
        structures: pymatgen dictionaries of the new ones.
        known: group and number of comparisons of those that were known before.
    """

    members: dict[str, DuplicateDocument]
    structures: dict[str, dict[str, Any]]
    known: dict[str, tuple[str, int]]


class DedupBuilder(StoreBuilder):
    """Groups of near-duplicates: composition, space group, fingerprint, StructureMatcher last.

    Being alike is not transitive (A like B, B like C, A unlike C), so groups have leaders: going
    through a bucket in the order of ``structure_id``, each structure joins the first leader that
    it is alike to, or becomes a leader. The groups follow from the set of structures alone,
    whatever the order in which they came, and every member is alike to its leader.
    """

    name = "dedup"
    source_names = ("structures",)
    target_names = ("duplicates",)

    matcher = StructureMatcher()

    def items_of(self, collection: str, keys: list[str]) -> Iterable[Bucket]:
        """The buckets that new structures fall into."""
        del collection
        wanted = ["structure_id", "formula", "space_group_number", "structure"]
        buckets: dict[str, Bucket] = {}
        for stored in self.store.structures.query({"structure_id": {"$in": keys}}, wanted):
            member = _described(stored)
            bucket = buckets.setdefault(member.bucket, Bucket({}, {}, {}))
            bucket.members[member.id] = member
            bucket.structures[member.id] = stored["structure"]
        known = self.store.find(DuplicateDocument, {"bucket": {"$in": list(buckets)}})
        for member in known:
            bucket = buckets[member.bucket]
            if member.id not in bucket.structures:
                bucket.members[member.id] = member
                bucket.known[member.id] = (member.group_id, len(member.compared))
        return buckets.values()

    def process_item(self, item: Bucket) -> list[Document]:
        """The documents of the bucket that are new or changed."""
        leaders: list[DuplicateDocument] = []
        prints = {one.id: np.array(one.fingerprint) for one in item.members.values()}
        for identity, member in sorted(item.members.items()):
            near = (
                one
                for one in leaders
                if fingerprint_distance(prints[one.id], prints[identity]) <= FINGERPRINT_BOUND
            )
            leader = next((one for one in near if self._alike(one, member, item)), member)
            member.group_id = leader.structure_id
            if leader is member:
                leaders.append(member)
        return [
            one
            for one in item.members.values()
            if item.known.get(one.id) != (one.group_id, len(one.compared))
        ]

    def _alike(self, leader: DuplicateDocument, member: DuplicateDocument, bucket: Bucket) -> bool:
        known = member.compared.get(leader.structure_id)
        if known is None:
            first = self._structure(leader.structure_id, bucket)
            known = bool(self.matcher.fit(first, self._structure(member.structure_id, bucket)))
            member.compared[leader.structure_id] = known
        return known

    def _structure(self, structure_id: str, bucket: Bucket) -> Structure:
        if structure_id not in bucket.structures:
            stored = self.store.structures.query_one({"structure_id": structure_id}, ["structure"])
            bucket.structures[structure_id] = stored["structure"]
        return Structure.from_dict(bucket.structures[structure_id])


def _described(stored: dict[str, Any]) -> DuplicateDocument:
    """A new member of a bucket, in a group of its own."""
    return DuplicateDocument(
        structure_id=stored["structure_id"],
        bucket=f"{stored['formula']}|{stored['space_group_number']}",
        fingerprint=fingerprint(Structure.from_dict(stored["structure"])),
        group_id=stored["structure_id"],
    )
