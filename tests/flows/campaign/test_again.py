"""The same command again is answered from a note, which holds only while nothing has changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.hashing import file_hash
from flows.campaign import again
from flows.cli.app import main
from stores import open_store
from stores.documents import LabelDocument

WORDS = {"targets": ["Na-Cl"], "candidates": 4}
HEAVY = ("torch", "prefect", "plotly", "pandas", "matplotlib", "scipy", "maggma", "ase")


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store, a folder with a file, and a note about both."""
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign.json").write_text("{}")
    with open_store() as store:
        address = store.uri
    files = {"campaign.json": file_hash(tmp_path / "campaign.json")}
    again.keep(WORDS, tmp_path, files, ["beware"], address)
    return tmp_path


def test_a_note_is_found_and_keeps_the_warnings(noted: Path) -> None:
    note = again.found(WORDS)
    assert note is not None
    assert (note.folder, note.told) == (str(noted), ["beware"])
    assert again.found({**WORDS, "candidates": 5}) is None


def test_a_changed_file_makes_it_void(noted: Path) -> None:
    (noted / "campaign.json").write_text("{ }")
    assert again.found(WORDS) is None


def test_another_surrounding_is_another_question(
    noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_DEVICE", "cpu")
    assert again.found(WORDS) is None


@pytest.mark.usefixtures("noted")
def test_news_in_the_store_make_it_void() -> None:
    crystal = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.6), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    with open_store() as store:
        store.put(LabelDocument.of(crystal, level="t", source="test", energy_per_atom=-3.0))
    assert again.found(WORDS) is None


@pytest.mark.parametrize("words", [{"potential": "ase:a:b"}, {"config": "a.yaml"}])
def test_what_may_change_unseen_has_no_note(noted: Path, words: dict[str, str]) -> None:
    again.keep({**WORDS, **words}, noted, {}, [], str(noted / "home" / "store.sqlite"))
    assert again.found({**WORDS, **words}) is None


def test_a_finished_campaign_again_loads_nothing_heavy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    words = ["campaign", "NaCl", "--candidates", "6", "--relax", "3", "--sources", "template"]
    words += ["--refine", "none", "--json"]
    assert main(words) == 0
    first = json.loads(capsys.readouterr().out)
    ask = (
        "import sys, time, flows.cli.app as app; code = app.main(sys.argv[1:]);"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules];"
        "print(code, heavy, time.process_time(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, *words], capture_output=True, text=True, check=True
    )
    second, said = json.loads(done.stdout), done.stderr.splitlines()[-1]
    assert said.startswith("0 [] ")
    assert float(said.split()[-1]) < 2.0  # of the CPU; 11 to 20 with models and Prefect
    assert second["reused"] is True
    assert second["ranking"] == first["ranking"]
