"""Where a thing in the store came from and what became of it: the chain of provenance."""

from __future__ import annotations

from typing import Any

from dao_core.errors import InputError
from stores import DaoStore, open_store
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    Document,
    RelaxationDocument,
    StructureDocument,
)

KINDS: tuple[type[Document], ...] = (
    CandidateDocument,
    RelaxationDocument,
    StructureDocument,
    CampaignDocument,
)


def explain_id(identity: str, store: str | None) -> dict[str, Any]:
    """The provenance chain of a candidate, relaxation, structure or campaign.

    Args:
        identity: Its id.
        store: URI of the store; None is the embedded one.

    Returns:
        ``store`` and the linked documents, without coordinates: ``candidates``,
        ``relaxations``, ``structures`` and ``campaigns`` with their place in the ranking.

    Raises:
        InputError: The store has nothing of that id.
    """
    with open_store(store) as opened:
        found = next((kind for kind in KINDS if opened.get(kind, identity)), None)
        if found is None:
            raise InputError(
                f"{opened.uri} has no candidate, relaxation, structure or campaign {identity!r}"
            )
        chain = _chain(opened, found, identity)
        level = next((r["level"] for r in chain["relaxations"]), None)
        return {
            "level": level,
            "store": opened.uri,
            "id": identity,
            "is": found.collection,
            **chain,
        }


def _chain(store: DaoStore, kind: type[Document], identity: str) -> dict[str, Any]:
    """Everything linked to a document, found through the relaxations and candidates."""
    links: dict[type[Document], dict[str, Any]] = {
        CandidateDocument: {"candidate_id": identity},
        RelaxationDocument: {"relaxation_id": identity},
        StructureDocument: {"structure_id": identity},
        CampaignDocument: {"campaign_ids": identity},
    }
    relaxations = list(store.find(RelaxationDocument, links[kind]))
    ids = {r.candidate_id for r in relaxations} | {identity}
    known: dict[str, Any] = {"candidate_id": {"$in": sorted(filter(None, ids))}}
    further = {"campaign_ids" if kind is CampaignDocument else "structure_id": identity}
    criteria = {"$or": [known, further]}
    candidates = list(store.find(CandidateDocument, criteria))
    campaign_ids = {c for r in relaxations for c in r.campaign_ids}
    campaign_ids |= {c for candidate in candidates for c in candidate.campaign_ids}
    campaigns = store.find(CampaignDocument, {"campaign_id": {"$in": sorted(campaign_ids)}})
    own = {c.candidate_id for c in candidates}
    return {
        "candidates": [_shown(c) for c in candidates],
        "relaxations": [_shown(r) for r in relaxations],
        "campaigns": [_campaign(campaign, own) for campaign in campaigns],
    }


def _shown(document: Document) -> dict[str, Any]:
    """A document for people and programs, without its coordinates."""
    return document.model_dump(mode="json", exclude={"structure", "builder_meta", "elements"})


def _campaign(document: CampaignDocument, candidates: set[str]) -> dict[str, Any]:
    """A campaign and where it ranked the candidates in question."""
    rows = [row for row in document.ranking if row["candidate_id"] in candidates]
    return {
        "campaign_id": document.campaign_id,
        "target": document.target,
        "level": document.level,
        "state": document.state,
        "versions": document.versions,
        "ranking": rows,
    }
