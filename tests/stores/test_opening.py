"""Opening is light, and credentials are never told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dao_core.errors import DaoError
from flows.campaign.request import CampaignRequest
from flows.cli.app import main
from stores import default_store, open_store, redacted, without_credentials
from stores.addresses import with_credentials


def test_importing_stores_loads_no_torch() -> None:
    code = (
        "import sys, stores, stores.query, stores.explain, stores.registry, stores.maintenance,"
        "stores.builders, stores.ingest;"
        "heavy = {'torch', 'prefect', 'pandas', 'mp_api', 'uvicorn'} & set(sys.modules);"
        "sys.exit(' '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("mongodb://user:pw@host:1/dao?authSource=admin", "mongodb://host:1/dao"),
        ("mongodb+srv://user:p@w/o:r?d@host/dao", "mongodb+srv://host/dao"),
        ("mongodb://host/dao", "mongodb://host/dao"),
        ("/folder/with@sign", "/folder/with@sign"),
        ("memory://", "memory://"),
    ],
)
def test_addresses_hold_no_credentials(uri: str, address: str) -> None:
    assert redacted(uri) == address


@pytest.mark.parametrize("password", ["topsecret", "top/secret", "top@secret", "top:secret"])
def test_no_error_tells_a_password(password: str, capsys: pytest.CaptureFixture[str]) -> None:
    uri = f"mongodb://someone:{password}@127.0.0.1:1/dao?serverSelectionTimeoutMS=100"
    with pytest.raises(DaoError) as failure:
        open_store(uri)
    text = str(failure.value)
    for words in (["store", "info"], ["doctor"], ["explain", "c-12345678"], ["campaign", "Mg-Xx"]):
        assert main([*words, "--store", uri, "--json"]) != 0
        captured = capsys.readouterr()
        text += captured.out + captured.err
    assert "secret" not in text
    assert "someone" not in text


def test_a_request_holds_no_password_but_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_STORE", "")
    uri = "mongodb://someone:topsecret@there/dao?authSource=admin"
    request = CampaignRequest(targets=("Mg-O",), store=uri)
    assert request.store == "mongodb://there/dao"
    assert "topsecret" not in request.model_dump_json()
    assert default_store() == uri
    assert with_credentials("mongodb://there/dao") == uri
    assert with_credentials("mongodb://elsewhere/dao") == "mongodb://elsewhere/dao"
    assert without_credentials("a/folder") == "a/folder"
