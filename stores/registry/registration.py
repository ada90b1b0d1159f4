"""Putting checkpoints into the store and getting them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dao_core.drafts import draft_of
from dao_core.errors import InputError, MissingError
from stores.dao_store import DaoStore
from stores.documents import ManifestDocument, ModelDocument, ModelKind, utc_now


def register_model(
    store: DaoStore,
    checkpoint: Path,
    *,
    kind: ModelKind,
    name: str,
    manifest_id: str | None = None,
    parents: Sequence[str] = (),
    metrics: Mapping[str, float] | None = None,
    card: Mapping[str, Any] | None = None,
    campaign_id: str | None = None,
) -> ModelDocument:
    """Keep a checkpoint file by hash, with what it was trained on and how good it is.

    The file goes to the blobs first, so a registered model always has its file. Registering the
    same file again changes only what is told about it.

    Raises:
        InputError: a parent or the manifest is not in the store.
        MissingError: there is no such file.
    """
    if not checkpoint.is_file():
        raise MissingError(f"{checkpoint}: no such checkpoint file")
    for parent in parents:
        find_model(store, parent)
    if manifest_id is not None and not store.known_ids(ManifestDocument, [manifest_id]):
        raise InputError(
            f"manifest {manifest_id} is not in the store; build the training set first"
        )
    digest = store.blobs.put(checkpoint)
    known = store.get(ModelDocument, digest)
    model = ModelDocument(
        model_id=digest,
        kind=kind,
        name=name,
        checkpoint=digest,
        manifest_id=manifest_id,
        parents=list(parents),
        metrics=dict(metrics or {}),
        card=dict(card or {}),
        campaign_id=campaign_id,
        registered=known.registered if known else utc_now(),
    )
    store.put(model)
    return model


def find_model(store: DaoStore, reference: str) -> ModelDocument:
    """A model by hash, by the beginning of its hash (8 digits or more), or by name.

    Raises:
        InputError: no model fits, or several do.
    """
    exact = store.get(ModelDocument, reference)
    if exact is not None:
        return exact
    found = [
        model
        for model in store.find(ModelDocument)
        if model.name == reference or (len(reference) >= 8 and model.id.startswith(reference))
    ]
    if len(found) == 1:
        return found[0]
    what = "several models fit" if found else "no model fits"
    names = ", ".join(f"{model.name} ({model.id[:12]})" for model in found or list_models(store))
    raise InputError(f"{reference!r}: {what}; there are {names or 'none yet'}")


def list_models(store: DaoStore, kind: ModelKind | None = None) -> list[ModelDocument]:
    """All models, the latest first."""
    criteria = {"kind": kind} if kind else {}
    return list(store.find(ModelDocument, criteria, sort={"registered": -1}))


def fetch_checkpoint(store: DaoStore, model: ModelDocument, target: Path) -> Path:
    """Write a model's checkpoint to a file, whole or not at all.

    Raises:
        InputError: the model was registered without a file.
        StoreCorruptError: the file in the store no longer fits its hash.
    """
    if model.checkpoint is None:
        raise InputError(f"model {model.name} has no checkpoint in the store")
    content = store.blobs.get(model.checkpoint)
    with draft_of(target) as draft:
        draft.write_bytes(content)
    return target
