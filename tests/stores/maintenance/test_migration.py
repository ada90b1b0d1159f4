"""Old documents are brought up to date."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dao_core.errors import InputError
from stores import DaoStore
from stores.documents import ManifestDocument, ModelDocument
from stores.maintenance import check, migrate, outdated

OLD = Path(__file__).parent.parent / "fixtures" / "schema_1.json"


@pytest.fixture
def old_store(store: DaoStore) -> DaoStore:
    """A store as version 1 of the schemas wrote it."""
    collections: dict[str, list[dict[str, Any]]] = json.loads(OLD.read_text())
    for name, documents in collections.items():
        for document in documents:
            document["last_updated"] = datetime.fromisoformat(document["last_updated"])
        store.collections[name].update(documents)
    return store


def test_old_documents_are_not_read_by_mistake(old_store: DaoStore) -> None:
    with pytest.raises(InputError, match="dao store migrate"):
        old_store.get(ManifestDocument, "m-old")
    assert len(check(old_store)) == 2


def test_migration(old_store: DaoStore) -> None:
    assert outdated(old_store) == {"manifests": 1, "models": 1}
    report = migrate(old_store)
    assert report.migrated == {"manifests": 1, "models": 1}
    assert report.failed == {}
    manifest = old_store.get(ManifestDocument, "m-old")
    assert manifest is not None
    assert manifest.entries[0].example_id == "labels/l-1"
    assert manifest.test_sets == {"mp-20-test": "not recorded"}
    model = old_store.get(ModelDocument, "abc")
    assert model is not None
    assert model.registered == model.last_updated
    assert model.metrics == {"match_rate": 0.5}
    assert outdated(old_store) == {}
    assert migrate(old_store).migrated == {}
    assert check(old_store) == []


def test_what_cannot_be_migrated_is_named_and_kept(old_store: DaoStore) -> None:
    broken = {"manifest_id": "m-broken", "schema_version": 1, "entries": [{}]}
    old_store.manifests.update(broken)
    report = migrate(old_store)
    assert set(report.failed) == {"manifests/m-broken"}
    assert report.migrated == {"manifests": 1, "models": 1}
    assert old_store.manifests.query_one({"manifest_id": "m-broken"})["entries"] == [{}]
