"""Models of a round: registered, judged, and served or rejected, each exactly once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dao_core.checkpoints.format import HASH_LENGTH, read_card
from dao_core.hashing import content_id
from dao_core.pretrained import model_path
from dao_core.training.retraining_gate import Verdict
from dao_core.training.retraining_outcome import Outcome
from flows.serving import SHIPPED, checkpoint_file
from stores import DaoStore
from stores.documents import EventDocument, ModelDocument, ModelKind, utc_now
from stores.registry import promote, register_model, serving

REJECTED = "model_rejected"
PROMOTED = "model_promoted"


def serving_or_shipped(store: DaoStore, kind: ModelKind) -> ModelDocument:
    """The model that serves; where none ever did, the shipped one is registered and promoted."""
    model = serving(store, kind)
    if model is not None:
        return model
    file = model_path(SHIPPED[kind])
    model = register_model(store, file, kind=kind, name=SHIPPED[kind], card=read_card(file))
    promote(store, model.id, reason="shipped with the package")
    return model


def settle(
    store: DaoStore,
    file: Path,
    parent: ModelDocument,
    manifest_id: str,
    verdict: Verdict,
    monitors: Mapping[str, Any],
) -> Outcome:
    """Register a retrained model; promote it, or write down why not.

    The registration comes first and the verdict is in it, so that a rejected model is known too,
    and so that whoever is killed in between finds all that is left to be written.
    """
    card = read_card(file)
    metrics = {one.figure: one.after for one in verdict.comparisons if math.isfinite(one.after)}
    name = f"{SHIPPED[parent.kind]}-round-{card['round']}-{manifest_id[-6:]}"
    model = register_model(
        store,
        file,
        kind=parent.kind,
        name=name,
        manifest_id=manifest_id,
        parents=[parent.id],
        metrics=metrics,
        card={**card, "monitors": dict(monitors), "gate": verdict.reason},
    )
    if verdict.accepted:
        promote(store, model.id, reason=verdict.reason)
    _write_down(store, model, PROMOTED if verdict.accepted else REJECTED)
    serves = serving_or_shipped(store, parent.kind).id
    return Outcome(parent.kind, serves, promoted=verdict.accepted, reason=verdict.reason)


def settled(store: DaoStore, parent: ModelDocument, manifest_id: str) -> Outcome | None:
    """The outcome of a training set, if the model that serves came from it or beat it."""
    if parent.manifest_id == manifest_id and parent.parents:
        _write_down(store, parent, PROMOTED)  # unless it was killed right after the promotion
        return Outcome(parent.kind, parent.id, promoted=True, reason=parent.card["gate"])
    event = store.get(EventDocument, _settled_id(parent.id, manifest_id))
    if event is None:
        return None
    return Outcome(parent.kind, parent.id, promoted=False, reason=event.reason or "")


def _write_down(store: DaoStore, model: ModelDocument, kind: str) -> None:
    """Write the event that ends the retraining of a model, once."""
    (parent,) = model.parents
    store.insert_new(
        EventDocument(
            event_id=_settled_id(parent, str(model.manifest_id)),
            kind=kind,
            subject=model.id,
            reason=model.card["gate"],
            detail={
                "parent": parent,
                "manifest_id": model.manifest_id,
                "monitors": model.card["monitors"],
            },
            happened=utc_now(),
        )
    )


def _settled_id(parent: str, manifest_id: str) -> str:
    """Id of the event that ends the retraining of one model on one training set."""
    return content_id("e", ["retrained", parent, manifest_id])


def level_of(predictor_id: str) -> str:
    """Energy level of a DAO-P by its id, which is the hash of its file."""
    return f"dao-p@{predictor_id[:HASH_LENGTH]}"


def file_of(store: DaoStore, model: ModelDocument) -> Path:
    """The model's file on this machine."""
    return checkpoint_file(store, model)
