"""Which model files the names ``dao-p`` and ``dao-g`` mean: those that serve in a store."""

from __future__ import annotations

import logging
from pathlib import Path

from dao_core.hashing import file_hash
from dao_core.model_files import imported_folder
from stores import DaoStore
from stores.documents import ModelDocument, ModelKind
from stores.registry import fetch_checkpoint, find_model, serving

logger = logging.getLogger(__name__)

SHIPPED: dict[ModelKind, str] = {"predictor": "dao-p", "generator": "dao-g"}
Served = dict[ModelKind, str]
"""Id of the model that serves, by kind; kinds of which none was ever promoted are missing."""


def served_models(store: DaoStore) -> Served:
    """The models that serve now."""
    found = {kind: serving(store, kind) for kind in SHIPPED}
    return {kind: model.id for kind, model in found.items() if model is not None}


def model_name(store: DaoStore, kind: ModelKind, served: Served) -> str:
    """The shipped model's name, or the file of the model that serves in its place."""
    if kind not in served:
        return SHIPPED[kind]
    return str(checkpoint_file(store, find_model(store, served[kind])))


def checkpoint_file(store: DaoStore, model: ModelDocument) -> Path:
    """The file of a registered model in ``DAO_HOME``, fetched from the store where that is needed.

    A file that is not what was registered is told and replaced.

    Raises:
        StoreCorruptError: the file in the store is damaged too.
    """
    folder = imported_folder() / "served"
    file = folder / f"{model.id[:16]}.safetensors"
    if file.is_file():
        if file_hash(file) == model.checkpoint:
            return file
        logger.warning("%s: damaged; fetched again from %s", file, store.uri)
    folder.mkdir(parents=True, exist_ok=True)
    return fetch_checkpoint(store, model, file)
