"""Events by which one flow starts another; the triggers stand in ``prefect.yaml``."""

from __future__ import annotations

from prefect.events import emit_event

CANDIDATES_SELECTED = "dao.candidates.selected"
LABELS_ADDED = "dao.labels.added"
MODEL_PROMOTED = "dao.model.promoted"
MOST_EVENTS = 1000
"""Of new labels at once. A database brings a hundred thousand: no threshold is that high, and every
round that they start after the first finds nothing to do."""


def candidates_selected(campaign_id: str, chemsys: str, candidate_ids: list[str]) -> None:
    """A campaign chose candidates for DFT."""
    emit_event(
        CANDIDATES_SELECTED,
        resource={"prefect.resource.id": f"dao.campaign.{campaign_id}", "dao.chemsys": chemsys},
        payload={"campaign_id": campaign_id, "candidate_ids": candidate_ids},
    )


def labels_added(level: str, count: int) -> None:
    """New labels of a level are in the store: one event each, so that a trigger counts them."""
    for _ in range(min(count, MOST_EVENTS)):
        emit_event(
            LABELS_ADDED,
            resource={"prefect.resource.id": f"dao.level.{level}", "dao.level": level},
            payload={"level": level},
        )


def model_promoted(kind: str, model_id: str) -> None:
    """Another model serves from now on."""
    emit_event(
        MODEL_PROMOTED,
        resource={"prefect.resource.id": f"dao.model.{model_id}", "dao.kind": kind},
        payload={"kind": kind, "model_id": model_id},
    )
