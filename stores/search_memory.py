"""The memory of searches over a store: one event for each piece of work that is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import combinations
from typing import Any

from pymatgen.core import Composition, Structure

from dao_core.crystal.reading import NamedStructure
from dao_core.search.memory import Done
from dao_core.search.records import Candidate, RelaxedCandidate
from stores.crystals import crystal_of
from stores.dao_store import DaoStore
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    EventDocument,
    LabelDocument,
    RelaxationDocument,
    StructureDocument,
    composition_of,
    utc_now,
)
from stores.documents.label import REFINEMENT

CONSIDERED = 2000
"""Labels of one anonymous formula that are looked at."""
STABLE = 0.1
"""eV/atom above the hull of its source up to which a labelled crystal is worth copying."""


class StoreMemory:
    """Implements :class:`dao_core.search.memory.SearchMemory` over a store."""

    def __init__(self, store: DaoStore) -> None:
        self.store = store

    def done(self, keys: Sequence[str]) -> dict[str, Done]:
        """The finished pieces of work among some keys."""
        if not keys:
            return {}
        events = self.store.find(EventDocument, {"event_id": {"$in": list(keys)}})
        return {
            event.event_id: Done(
                event.detail["outcome"], event.detail["seconds"], event.campaign_id
            )
            for event in events
        }

    def record(
        self, key: str, stage: str, outcome: Mapping[str, Any], seconds: float, search_id: str
    ) -> None:
        """Record a piece of work as done."""
        event = EventDocument(
            event_id=key,
            kind="batch",
            subject=stage,
            campaign_id=search_id,
            detail={"outcome": dict(outcome), "seconds": round(seconds, 3)},
            happened=utc_now(),
        )
        self.store.put(event)

    def together(self) -> AbstractContextManager[Any]:
        """A block of which all is written or nothing."""
        return self.store.transaction()

    def put_candidates(self, candidates: Sequence[Candidate], *search_ids: str) -> None:
        """Keep what was proposed."""
        self.store.put([candidate_document(one, search_ids) for one in candidates])

    def put_relaxed(self, relaxed: Sequence[RelaxedCandidate], *search_ids: str) -> None:
        """Keep relaxations; the crystals are written before what refers to them."""
        with self.store.transaction():
            self.store.put([crystal for one in relaxed if (crystal := crystal_document(one))])
            self.store.put([relaxation_document(one, search_ids) for one in relaxed])

    def put_crystals(self, crystals: Sequence[Structure]) -> None:
        """Keep crystals that are no candidates."""
        self.store.put([StructureDocument.from_structure(crystal) for crystal in crystals])

    def candidates(self, ids: Sequence[str]) -> list[Candidate]:
        """Candidates by their ids."""
        found = self.store.find(CandidateDocument, {"candidate_id": {"$in": list(ids)}})
        return [candidate_of(one) for one in found]

    def relaxed(self, ids: Sequence[str]) -> list[RelaxedCandidate]:
        """Relaxations by their ids."""
        found = self.store.find(RelaxationDocument, {"relaxation_id": {"$in": list(ids)}})
        return [relaxed_of(one) for one in found]

    def known_relaxations(self, ids: Sequence[str]) -> set[str]:
        """Which of some ids of relaxations are known."""
        return self.store.known_ids(RelaxationDocument, ids)

    def converged_energies(self, ids: Sequence[str]) -> list[tuple[str, float]]:
        """Formula and energy of those of some relaxations that converged."""
        if not ids:
            return []
        found = self.store.collections[RelaxationDocument.collection].query(
            {"relaxation_id": {"$in": list(ids)}, "converged": True},
            properties=["formula", "energy_per_atom"],
        )
        return [(one["formula"], one["energy_per_atom"]) for one in found]

    def phases(
        self, level: str, elements: Collection[str], search_id: str
    ) -> list[RelaxedCandidate]:
        """Converged relaxations that other campaigns left at a level, the lowest first."""
        criteria = {"level": level, "campaign_ids": {"$ne": search_id}}
        found = self.store.find(RelaxationDocument, criteria, sort={"energy_per_atom": 1})
        return [
            relaxed_of(one) for one in found if one.converged and set(one.elements) <= set(elements)
        ]

    def labelled(self, anonymous_formula: str) -> list[tuple[str, Structure]]:
        """Crystals from databases and calculations; what other searches relaxed is unproven."""
        labels = self.store.collections[LabelDocument.collection].query(
            {"formula_anonymous": anonymous_formula, "source": {"$ne": REFINEMENT}},
            properties=["structure_id", "energy_above_hull"],
            sort={"structure_id": 1},
            limit=CONSIDERED,
        )
        wanted = {
            label["structure_id"]
            for label in labels
            if (label.get("energy_above_hull") or 0.0) <= STABLE
        }
        return sorted(self.structures(sorted(wanted)).items(), key=lambda pair: pair[0])

    def stable(
        self, elements: Collection[str], above_hull: float, most_atoms: int, most: int
    ) -> dict[str, Structure]:
        """Compounds that labels call stable, the most stable of each formula, by label."""
        systems = [
            "-".join(part)
            for size in range(2, len(elements) + 1)
            for part in combinations(sorted(elements), size)
        ]
        criteria = {"chemsys": {"$in": systems}, "energy_above_hull": {"$lte": above_hull}}
        lowest: dict[str, LabelDocument] = {}
        for label in self.store.find(LabelDocument, criteria, sort={"energy_above_hull": 1}):
            if label.nsites <= most_atoms and len(lowest) < most:
                lowest.setdefault(label.formula, label)
        return {label.label_id: label.to_pymatgen() for label in lowest.values()}

    def structures(self, ids: Sequence[str]) -> dict[str, Structure]:
        """Crystals by their ids."""
        found = self.store.find(StructureDocument, {"structure_id": {"$in": list(ids)}})
        return {document.structure_id: document.to_pymatgen() for document in found}

    def returned(self, source: str, formulas: Collection[str]) -> list[str]:
        """Ids of candidates that a source returned to the search and that none has used."""
        wanted: dict[str, Any] = {
            "formula": {"$in": sorted(formulas)},
            "provenance.source": source,
            "campaign_ids": [],
            "rejection": None,
        }
        found = self.store.find(CandidateDocument, wanted, sort={"candidate_id": 1})
        return [one.candidate_id for one in found]

    def ends(self, ids: Sequence[str]) -> list[NamedStructure]:
        """Candidates by id, each as it was relaxed last.

        Raises:
            InputError: One is not in the store.
        """
        return [NamedStructure(key, crystal_of(self.store, key)[0]) for key in ids]

    def seen_before(
        self, formulas: Collection[str], search_id: str
    ) -> tuple[list[NamedStructure], list[NamedStructure]]:
        """Crystals known before a campaign began: those with a label, and those that are unproven.

        Those with labels (ingested references such as the Materials Project, calculations of ours)
        bear the label's source and id, what other searches left in the store its id.
        """
        campaign = self.store.get(CampaignDocument, search_id)
        started = campaign.started if campaign else utc_now()
        wanted = {"formula": {"$in": sorted(formulas)}}
        found = [s for s in self.store.find(StructureDocument, wanted) if s.last_updated < started]
        names = {
            label["structure_id"]: f"{label['source']} {label.get('source_id') or ''}".strip()
            for label in self.store.collections[LabelDocument.collection].query(
                {**wanted, "source": {"$ne": REFINEMENT}},
                properties=["structure_id", "source", "source_id"],
            )
        }
        labelled = [
            NamedStructure(names[s.structure_id], s.to_pymatgen())
            for s in found
            if s.structure_id in names
        ]
        others = [
            NamedStructure(f"store {s.structure_id}", s.to_pymatgen())
            for s in found
            if s.structure_id not in names
        ]
        return labelled, others


def candidate_document(candidate: Candidate, campaign_ids: Sequence[str] = ()) -> CandidateDocument:
    """A candidate as the store keeps it, with the campaigns that asked for it."""
    return CandidateDocument(
        candidate_id=candidate.candidate_id,
        structure_id=candidate.structure_id,
        campaign_ids=list(campaign_ids),
        origin=candidate.origin,
        model_id=candidate.model_id,
        provenance=dict(candidate.provenance),
        rejected_at="valid" if candidate.rejection else None,
        rejection=candidate.rejection,
        structure=None if candidate.structure is None else dict(candidate.structure),
        **composition_of(Composition(candidate.formula), candidate.nsites),
    )


def candidate_of(document: CandidateDocument) -> Candidate:
    """A candidate as a search knows it."""
    return Candidate(
        document.candidate_id, document.structure_id, document.origin, document.provenance,
        document.formula, document.nsites, document.model_id, document.rejection,
        document.structure,
    )  # fmt: skip


_SHARED = tuple(
    name
    for name in RelaxedCandidate.__dataclass_fields__
    if name in RelaxationDocument.model_fields
)


def relaxed_of(document: RelaxationDocument) -> RelaxedCandidate:
    """A relaxation as a search knows it."""
    return RelaxedCandidate(**{name: getattr(document, name) for name in _SHARED})


def relaxation_document(
    relaxed: RelaxedCandidate, campaign_ids: Sequence[str] = ()
) -> RelaxationDocument:
    """A relaxation as the store keeps it, with the campaigns that used it."""
    facts = {name: getattr(relaxed, name) for name in _SHARED}
    composition = composition_of(Composition(relaxed.formula), relaxed.nsites)
    return RelaxationDocument(**{**facts, **composition}, campaign_ids=list(campaign_ids))


def crystal_document(relaxed: RelaxedCandidate) -> StructureDocument | None:
    """The relaxed crystal as the store keeps it, or None where there is none."""
    crystal = relaxed.to_pymatgen()
    if crystal is None or relaxed.structure_id is None or relaxed.space_group is None:
        return None
    return StructureDocument(
        structure_id=relaxed.structure_id,
        space_group=relaxed.space_group,
        space_group_number=relaxed.space_group_number or 1,
        volume_per_atom=crystal.volume / len(crystal),
        density=float(crystal.density),
        structure=dict(relaxed.structure or {}),
        **composition_of(crystal.composition, len(crystal)),
    )
