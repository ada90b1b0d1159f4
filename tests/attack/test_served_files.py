"""Files of models that serve: a damaged one is never loaded, and its sound copy takes its place."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from flows.serving import model_name, served_models
from stores import open_store
from stores.blobs import FolderBlobs
from stores.errors import StoreCorruptError
from stores.registry import promote, register_model


def test_a_damaged_served_file_is_refused_replaced_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    checkpoint = tmp_path / "tuned.safetensors"
    checkpoint.write_bytes(b"weights")
    with open_store(tmp_path / "store") as store:
        register_model(store, checkpoint, kind="generator", name="tuned")
        promote(store, "tuned")
        file = Path(model_name(store, "generator", served_models(store)))
        file.write_bytes(b"weighty")
        with caplog.at_level(logging.WARNING):
            assert Path(model_name(store, "generator", served_models(store))) == file
        assert file.read_bytes() == b"weights"
        assert "damaged" in caplog.text

        assert isinstance(store.blobs, FolderBlobs)
        (blob,) = store.blobs.folder.glob("??/*")
        for damaged in (file, blob):
            damaged.write_bytes(b"weighty")
        with pytest.raises(StoreCorruptError, match="put the same file in again"):
            model_name(store, "generator", served_models(store))
        register_model(store, checkpoint, kind="generator", name="tuned")
        assert blob.read_bytes() == b"weights"
        model_name(store, "generator", served_models(store))
        assert file.read_bytes() == b"weights"
