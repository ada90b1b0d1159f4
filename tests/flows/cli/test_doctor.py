"""`dao doctor` finds each fault that can be provoked, and says what to do."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from dao_core.pretrained import SHIPPED
from dft_inputs.pseudos import PseudoFamily, Pseudopotential
from flows import doctor
from stores import open_store
from stores.documents import EventDocument, utc_now
from stores.registry import promote, register_model

Dao = Callable[..., Any]
FAULTS: dict[str, tuple[str, str, bool]] = {
    "home_is_a_file": ("DAO_HOME", "is not a folder", True),
    "disk_almost_full": ("DAO_HOME", "MB are free", True),
    "store_is_damaged": ("store", "not a database|damaged", True),
    "store_is_away": ("store", "does not answer", True),
    "documents_are_old": ("documents", "1 events.*dao store migrate", True),
    "documents_are_of_a_newer_release": ("documents", "1 events; update this program", True),
    "serving_model_is_damaged": ("dao-p", "not a readable model file", True),
    "no_such_device": ("dao-g", "DAO_DEVICE is 'warp:9'.*there are: cpu", True),
    "no_pw": ("pw.x", "is not on the PATH.*DAO_PW_COMMAND", False),
    "another_program_as_pw": ("pw.x", "does not introduce itself", False),
    "changed_pseudopotential": ("pseudopotentials", "Si.upf is not the file", False),
    "no_potcars": ("POTCARs", "names .*which is no folder", False),
    "server_is_away": ("Prefect server", "does not answer.*PREFECT_API_URL", True),
}
"""Fault: the part that tells of it, in which words, and whether a campaign cannot run with it."""


@pytest.fixture
def provoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Bring about a fault."""
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"

    def schema(number: int) -> None:
        with open_store(home) as store:
            event = EventDocument(event_id="e", kind="k", subject="s", happened=utc_now())
            store.events.update({**event.to_store(), "schema_version": number})

    def damaged_model() -> None:
        home.mkdir()
        file = home / "mine.safetensors"
        file.write_bytes((SHIPPED / "dao-p.safetensors").read_bytes()[:1000])
        with open_store(home) as store:
            promote(store, register_model(store, file, kind="predictor", name="mine").id)

    def changed_pseudopotential() -> None:
        folder = home / "pseudos" / "small"
        folder.mkdir(parents=True)
        (folder / "Si.upf").write_text("changed")
        silicon = Pseudopotential(element="Si", file="Si.upf", md5="0", kind="NC", z_valence=4,
                                  ecutwfc=(20, 30, 40), dual=4)  # fmt: skip
        PseudoFamily(name="small", functional="pbe", source="test", folder=folder,
                     pseudopotentials={"Si": silicon}).write()  # fmt: skip

    def damaged_store() -> None:
        home.mkdir()
        (home / "store.sqlite").write_bytes(b"no database" * 500)

    makers: dict[str, Callable[[], object]] = {
        "home_is_a_file": lambda: home.write_text("in the way"),
        "disk_almost_full": lambda: monkeypatch.setattr(doctor, "SPACE", 1e30),
        "store_is_damaged": damaged_store,
        "store_is_away": lambda: monkeypatch.setenv(
            "DAO_STORE", f"mongodb://{nobody}/dao?serverSelectionTimeoutMS=200"
        ),
        "documents_are_old": lambda: schema(0),
        "documents_are_of_a_newer_release": lambda: schema(99),
        "serving_model_is_damaged": damaged_model,
        "no_such_device": lambda: monkeypatch.setenv("DAO_DEVICE", "warp:9"),
        "no_pw": lambda: monkeypatch.setenv("DAO_PW_COMMAND", "/nowhere/pw.x"),
        "another_program_as_pw": lambda: monkeypatch.setenv("DAO_PW_COMMAND", "true"),
        "changed_pseudopotential": changed_pseudopotential,
        "no_potcars": lambda: monkeypatch.setattr(
            "dft_inputs.vasp.potcar.SETTINGS", {"PMG_VASP_PSP_DIR": "/nowhere"}
        ),
        "server_is_away": lambda: undone.enter_context(
            temporary_settings({PREFECT_API_URL: f"http://{nobody}/api"})
        ),
    }
    with ExitStack() as undone:
        yield lambda fault: makers[fault]()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_explained(
    dao: Dao, provoke: Callable[[str], None], fault: str
) -> None:
    part, words, needed = FAULTS[fault]
    provoke(fault)
    answer = dao("doctor", "--json")
    (check,) = [one for one in answer.result["checks"] if one["part"] == part]
    assert not check["works"]
    assert re.search(words, check["detail"]), check["detail"]
    assert (part in answer.result["missing"]) == needed
    assert answer.code == (3 if answer.result["missing"] else 0)
    assert "Traceback" not in answer.err
