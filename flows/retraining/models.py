"""Models of a round: registered, judged, and served or rejected, each exactly once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dao_core.checkpoints.format import read_card
from dao_core.pretrained import model_path
from dao_core.training.retraining_gate import Verdict
from flows.serving import SHIPPED, checkpoint_file
from stores import DaoStore
from stores.documents import EventDocument, ModelDocument, ModelKind, content_id, utc_now
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
) -> bool:
    """Register a retrained model; promote it, or write down why not. Whether it serves now.

    The registration comes first and the verdict is in it, so that a rejected model is known too.
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
    store.put(
        EventDocument(
            event_id=settled_id(parent.id, manifest_id),
            kind=PROMOTED if verdict.accepted else REJECTED,
            subject=model.id,
            reason=verdict.reason,
            detail={"parent": parent.id, "manifest_id": manifest_id, "monitors": dict(monitors)},
            happened=utc_now(),
        )
    )
    return verdict.accepted


def settled_id(parent: str, manifest_id: str) -> str:
    """Id of the event that ends the retraining of one model on one training set."""
    return content_id("e", ["retrained", parent, manifest_id])


def file_of(store: DaoStore, model: ModelDocument) -> Path:
    """The model's file on this machine."""
    return checkpoint_file(store, model)
