"""Result files that were cut off or changed: made again from the store, told, never a traceback."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from dft_inputs.running.folder import CalculationFolder, CalculationResult
from dft_inputs.running.validation import _recall
from flows.campaign.kept_files import FILES
from flows.cli.app import main

WORDS = ("campaign", "Cu", "--potential", "ase:ase.calculators.emt:EMT", "--sources", "template",
         "--candidates", "4", "--relax", "2", "--max-atoms", "2", "--json")  # fmt: skip
DAMAGES = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "other bytes": lambda content: b"\xff" * len(content),
}


@pytest.mark.slow
def test_files_of_a_campaign_are_made_again_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    folder = tmp_path / "out"

    def run(*words: str) -> tuple[dict[str, Any], str]:
        assert main([*words, "--out", str(folder)]) == 0
        captured = capsys.readouterr()
        return json.loads(captured.out), "".join(captured.err.split())

    made, _ = run(*WORDS)
    sound = {name: (folder / name).read_bytes() for name in FILES}
    again = (WORDS, ("report", made["campaign_id"], "--json"))
    for words, (name, damage) in zip(again * 2, DAMAGES.items(), strict=False):
        for file in FILES:
            (folder / file).write_bytes(damage(sound[file]))
        found, told = run(*words)
        assert found["ranking"] == made["ranking"], name
        assert all(f"{folder / file}:damagedorchanged" in told for file in FILES), told
        assert pd.read_parquet(folder / "ranking.parquet").shape[0] == len(made["ranking"])
        assert json.loads((folder / "campaign.json").read_text())["ranking"]
        assert (folder / "campaign.json.changed").read_bytes() == damage(sound["campaign.json"])
    (folder / "structures.extxyz").unlink()
    run(*WORDS)
    assert (folder / "structures.extxyz").is_file()


def result(energy: float) -> CalculationResult:
    crystal = Structure(Lattice.cubic(4.0), ["Cu"], [[0, 0, 0]])
    return CalculationResult(
        key="ab" * 10, formula="Cu", chemical_system="Cu", n_atoms=1, structure=crystal,
        energy_per_atom=energy, volume=64.0, pressure=0.0, max_force=0.0, band_gap=0.0,
        total_magnetization=None, fingerprint="f", level="qe-pbe", code="qe", version="7",
        dir_name="d", task={"long": [1, 2]},
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{}", "changed"])
def test_a_result_of_dft_that_was_damaged_or_changed_is_as_the_store_has_it(
    tmp_path: Path, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    folder = CalculationFolder(tmp_path, result(-1.0).key)
    folder.write(result(-1.0))
    if content == "changed":
        content = result(-9.0).model_dump_json().encode()
    (folder.path / "result.json").write_bytes(content)
    request: Any = SimpleNamespace(key=folder.key)  # of a request, its key alone is asked for
    with caplog.at_level(logging.WARNING):
        _recall(tmp_path, [request], lambda _: iter([result(-1.0)]))
    assert folder.result() == result(-1.0)
    assert "result.json" in caplog.text


def test_a_damaged_result_that_nothing_else_knows_is_computed_again(tmp_path: Path) -> None:
    folder = CalculationFolder(tmp_path, result(-1.0).key)
    folder.write(result(-1.0))
    (folder.path / "result.json").write_text('{"key": "ab')
    assert folder.result() is None
    assert (folder.path / "result.json.damaged").is_file()
