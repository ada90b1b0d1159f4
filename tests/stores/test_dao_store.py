"""Writing, reading and opening."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from pymatgen.core import Structure

from dao_core.environment import dao_home
from dao_core.errors import InputError
from stores import DaoStore, open_store
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    RelaxationDocument,
    StructureDocument,
    composition_fields,
    utc_now,
)
from stores.errors import StoreUnreachableError, WrongStoreError
from stores.oversize import LIMIT_BYTES


def test_writing_twice_equals_once(store: DaoStore, rocksalt: Callable[..., Structure]) -> None:
    document = StructureDocument.from_structure(rocksalt())
    assert store.put([document, document]).inserted == 1
    before = store.structures.query_one({"structure_id": document.id})
    again = store.put(StructureDocument.from_structure(rocksalt()))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 1)
    assert store.structures.query_one({"structure_id": document.id}) == before


def test_structures_belong_to_their_first_writer(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    first = StructureDocument.from_structure(rocksalt())
    supercell = rocksalt().make_supercell([2, 1, 1], in_place=False)
    second = StructureDocument.from_structure(supercell)
    assert first.id == second.id
    store.put(first)
    assert store.put(second).unchanged == 1
    kept = store.get(StructureDocument, first.id)
    assert kept is not None
    assert kept.nsites == 2


def test_no_campaign_is_forgotten(store: DaoStore, rocksalt: Callable[..., Structure]) -> None:
    fields = composition_fields(rocksalt())
    for campaign in ("b", "a", "b"):
        store.put(
            CandidateDocument(candidate_id="c", origin="random", campaign_ids=[campaign], **fields)
        )
    candidate = store.get(CandidateDocument, "c")
    assert candidate is not None
    assert candidate.campaign_ids == ["a", "b"]
    assert store.known_ids(CandidateDocument, ["c", "d"]) == {"c"}


def test_numbers_that_are_not_finite_survive(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    document = RelaxationDocument(
        relaxation_id="r", level="x", stop_reason="not_finite", max_force=math.nan,
        **composition_fields(rocksalt()),
    )  # fmt: skip
    store.put(document)
    back = store.get(RelaxationDocument, "r")
    assert back is not None
    assert back.max_force is not None
    assert math.isnan(back.max_force)
    assert store.put(document).unchanged == 1


def test_documents_over_16_mb_go_to_the_blobs(store: DaoStore) -> None:
    ranking = [{"text": "y" * 1000, "n": number} for number in range(17_000)]
    campaign = CampaignDocument(
        campaign_id="big", target=["Mg-O"], chemsys="Mg-O", level="x", ranking=ranking,
        settings={"n": 1}, started=utc_now(),
    )  # fmt: skip
    store.put(campaign)
    stored = store.campaigns.query_one({"campaign_id": "big"})
    assert len(str(stored)) < LIMIT_BYTES // 100
    assert len(list(store.blobs.digests())) == 1
    back = store.get(CampaignDocument, "big")
    assert back is not None
    assert back.ranking == ranking
    assert back.settings == {"n": 1}
    assert store.put(campaign).unchanged == 1


def test_default_store_lies_in_dao_home(tmp_path: Path) -> None:
    with open_store() as store:
        assert store.uri == str(tmp_path / "home" / "store.sqlite")
        assert dao_home() == tmp_path / "home"
    with open_store(tmp_path / "other.sqlite") as store:
        assert store.file == tmp_path / "other.sqlite"


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.JSON.GZ", "x.csv", "x.parquet"])
def test_flat_files_are_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongStoreError, match="loses every document"):
        open_store(tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("uri", ["http://x", "redis://x", "mongodb://", "mongodb://a b:c"])
def test_wrong_addresses(uri: str) -> None:
    with pytest.raises(WrongStoreError):
        open_store(uri)


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(StoreUnreachableError, match=r"127\.0\.0\.1:1"):
        open_store("mongodb://127.0.0.1:1/dao?serverSelectionTimeoutMS=200")


def test_blobs_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_BLOBS", str(tmp_path / "blobs"))
    with open_store(tmp_path) as store:
        digest = store.blobs.put(b"big")
    assert (tmp_path / "blobs" / digest[:2] / digest).read_bytes() == b"big"
    monkeypatch.setenv("DAO_BLOBS", "ftp://somewhere")
    with pytest.raises(WrongStoreError, match="s3://bucket"):
        open_store(tmp_path)


def test_a_document_of_a_newer_program_is_refused(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    document = StructureDocument.from_structure(rocksalt()).to_store()
    store.structures.update({**document, "schema_version": 99})
    with pytest.raises(InputError, match="newer dao"):
        store.get(StructureDocument, document["structure_id"])
