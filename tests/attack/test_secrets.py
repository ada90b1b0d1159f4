"""Secrets of addresses are told nowhere, mistyped ones name no folder, files keep the umask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dao_core.checkpoints.format import save_checkpoint
from dao_core.errors import DaoError
from flows.campaign.request import CampaignRequest
from flows.cli.app import main
from flows.ingest import IngestRequest
from flows.maintenance import MaintenanceRequest
from flows.retraining.request import RetrainRequest
from flows.serving_benchmark import BenchmarkRequest
from flows.validate import ValidateRequest
from stores import open_store, redacted
from stores.addresses import with_credentials
from stores.documents import EventDocument, utc_now
from stores.ingest import open_source

SECRETS = (
    "mongodb://someone:topsecret@127.0.0.1:1/dao?serverSelectionTimeoutMS=100",
    "mongodb://127.0.0.1:1/dao?tls=true&tlsCertificateKeyFilePassword=topsecret",
    "mongodb://127.0.0.1:1/dao?tlsCertificateKeyFilePassword=top@secret",
    "mongodb://127.0.0.1:1/dao?authMechanismProperties=AWS_SESSION_TOKEN:topsecret",
    "mongodb://127.0.0.1:1/dao?token=topsecret",
    "mongodb://127.0.0.1:1/dao?token=top@secret",
    "mongodb://someone:top?x=secret@127.0.0.1:1/dao",
)
MISTYPED = (
    "mongodb:/someone:topsecret@host/dao", "mongodb:someone:topsecret@host",
    "mongdb:/someone:topsecret@host/dao", "mongodb//someone:topsecret@host",
    "mongo://someone:topsecret@host/dao", "MongoDB:/someone:topsecret@host",
    "someone:topsecret@host/dao", "sqlite://someone:topsecret@host/dao",
)  # fmt: skip
REQUESTS: tuple[Callable[..., object], ...] = (
    lambda store: CampaignRequest(targets=("Mg-O",), store=store),
    lambda store: IngestRequest(source="x.cif", store=store),
    lambda store: ValidateRequest(crystals=("c-1",), store=store),
    lambda store: RetrainRequest(level="x", store=store),
    lambda store: MaintenanceRequest(store=store),
    lambda store: BenchmarkRequest(set="x.csv", store=store),
)


@pytest.mark.parametrize("uri", SECRETS)
def test_a_secret_of_a_uri_is_in_no_flow_parameter_but_still_opens(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for request in REQUESTS:
        monkeypatch.setenv("DAO_STORE", "")
        asked = request(uri)
        assert "secret" not in repr(asked)
        assert with_credentials(asked.store) == uri  # type: ignore[attr-defined] # all have it


@pytest.mark.parametrize("uri", [*SECRETS, *MISTYPED])
def test_a_secret_of_a_uri_is_in_no_output_and_no_folder(
    uri: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_STORE", "")
    with pytest.raises(DaoError) as failure:
        open_store(uri)
    text = str(failure.value) + redacted(uri)
    with_doctor = [["doctor"]] if uri in {SECRETS[1], MISTYPED[0]} else []  # which takes seconds
    for words in (["store", "info"], *with_doctor):
        assert main([*words, "--store", uri, "--json"]) in {2, 3}
        captured = capsys.readouterr()
        text += captured.out + captured.err
    for variable in ("DAO_STORE", "DAO_BLOBS"):
        monkeypatch.setenv(variable, uri)
        words = ["store", "info", *([] if variable == "DAO_STORE" else ["--store", "memory://"])]
        main(words)
        captured = capsys.readouterr()
        text += captured.out + captured.err
    assert "secret" not in text
    assert list(Path.cwd().iterdir()) == []  # nor a folder that is named with it


@pytest.mark.parametrize(
    "source",
    ["optimade:https://someone:topsecret@host/optimade", "https://host/optimade?key=topsecret",
     "optimade:htps://someone:topsecret@host"],
)  # fmt: skip
def test_a_secret_of_a_provider_is_not_written_down(source: str) -> None:
    with pytest.raises(DaoError) as failure:
        open_source(source)
    assert "secret" not in str(failure.value)


@pytest.fixture(params=[0o077, 0o027, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_files_of_stores_and_models_honour_the_umask(umask: int, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.put(EventDocument(event_id="e", kind="k", subject="s", happened=utc_now()))
        store.blobs.put(b"blob")
        files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
        assert len(files) == 4, "the store, its log and index, a blob"
        save_checkpoint(tmp_path / "model.safetensors", {}, {"kind": "x"})
        for file in (*files, tmp_path / "model.safetensors"):
            assert file.stat().st_mode & 0o777 & umask == 0, file
            assert file.stat().st_mode & 0o777 == 0o666 & ~umask, file
