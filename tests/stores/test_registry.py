"""The model registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.errors import InputError, MissingError
from stores import DaoStore
from stores.blobs import FolderBlobs
from stores.documents import ModelDocument
from stores.errors import StoreCorruptError
from stores.registry import (
    fetch_checkpoint,
    find_model,
    history,
    list_models,
    promote,
    register_model,
    rollback,
    serving,
)


def _register(store: DaoStore, folder: Path, name: str, **facts) -> ModelDocument:
    file = folder / f"{name}.safetensors"
    file.write_bytes(name.encode() * 100)
    return register_model(store, file, kind="generator", name=name, **facts)


def test_registered_by_hash_with_parents(store: DaoStore, tmp_path: Path) -> None:
    parent = _register(store, tmp_path, "one", metrics={"match_rate": 0.5})
    child = _register(store, tmp_path, "two", parents=[parent.id])
    assert find_model(store, "two").parents == [parent.id]
    assert find_model(store, child.id[:10]).name == "two"
    assert {model.name for model in list_models(store, "generator")} == {"one", "two"}
    copy = fetch_checkpoint(store, child, tmp_path / "copy")
    assert copy.read_bytes() == b"two" * 100
    assert _register(store, tmp_path, "one").registered == parent.registered


def test_promote_and_roll_back(store: DaoStore, tmp_path: Path) -> None:
    assert serving(store, "generator") is None
    for name in ("one", "two", "three"):
        _register(store, tmp_path, name)
        promote(store, name, reason="better")
    assert serving(store, "generator").name == "three"
    rollback(store, "generator")
    assert serving(store, "generator").name == "two"
    rollback(store, "generator")
    assert serving(store, "generator").name == "one"
    with pytest.raises(InputError, match="no earlier"):
        rollback(store, "generator")
    promote(store, "three")
    rollback(store, "generator")
    assert serving(store, "generator").name == "one"
    assert [step.action for step in history(store, "generator")].count("rollback") == 3


def test_a_failed_promotion_leaves_the_old_model_serving(
    embedded: DaoStore, tmp_path: Path
) -> None:
    _register(embedded, tmp_path, "good")
    bad = _register(embedded, tmp_path, "bad")
    promote(embedded, "good")
    assert isinstance(embedded.blobs, FolderBlobs)
    (embedded.blobs.folder / bad.id[:2] / bad.id).write_bytes(b"damaged")
    with pytest.raises(StoreCorruptError):
        promote(embedded, "bad")
    with pytest.raises(InputError, match="no model fits"):
        promote(embedded, "unknown")
    assert serving(embedded, "generator").name == "good"
    assert len(history(embedded, "generator")) == 1


def test_a_promotion_that_dies_before_its_one_write_changes_nothing(
    store: DaoStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _register(store, tmp_path, "old")
    _register(store, tmp_path, "new")
    promote(store, "old")

    def die(document: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "insert_new", die)
    with pytest.raises(KeyboardInterrupt):
        promote(store, "new")
    assert serving(store, "generator").name == "old"


def test_unknown_parents_manifests_and_files(store: DaoStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model fits"):
        _register(store, tmp_path, "x", parents=["nobody"])
    with pytest.raises(InputError, match="manifest"):
        _register(store, tmp_path, "x", manifest_id="m-0")
    with pytest.raises(MissingError, match="no such checkpoint"):
        register_model(store, tmp_path / "none", kind="predictor", name="x")
    assert list_models(store) == []
