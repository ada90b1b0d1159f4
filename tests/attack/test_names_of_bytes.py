"""Names that are no UTF-8, in every command that takes a path: done, or a clear error."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from flows.cli.app import main

EMT = ("--potential", "ase:ase.calculators.emt:EMT")
CRYSTAL = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
COMMANDS = {
    "relax": ("relax", "{cif}", *EMT, "--out", "{new}"),
    "relax --store": ("relax", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "predict": ("predict", "{cif}", *EMT),
    "predict --property": ("predict", "{cif}", "--property", "{file}"),
    "validate": ("validate", "{cif}", "--out", "{new}"),
    "ingest": ("ingest", "{cif}", "--store", "{store}"),
    "ingest folder": ("ingest", "{folder}", "--store", "{store}"),
    "ingest records": ("ingest", "{json}", "--store", "{store}", "--level", "t"),
    "ingest qe": ("ingest", "qe:{folder}", "--store", "{store}"),
    "ingest vasp": ("ingest", "vasp:{folder}", "--store", "{store}"),
    "generate --model": ("generate", "NaCl", "--model", "{file}", "--out", "{new}"),
    "generate --template": ("generate", "NaCl", "--template", "{file}", "--out", "{new}"),
    "campaign --config": ("campaign", "Cu", "--config", "{file}"),
    "campaign --template": ("campaign", "Cu", *EMT, "--template", "{file}"),
    "campaign --seed-structures": ("campaign", "Cu", *EMT, "--seed-structures", "{file}"),
    "electrons": ("electrons", "{cif}", "--out", "{new}", "--store", "{store}"),
    "phonons": ("phonons", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "pressure": ("pressure", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "surface": ("surface", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "layer": ("layer", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "defects": ("defects", "{cif}", *EMT, "--out", "{new}", "--store", "{store}"),
    "fill": ("fill", "{cif}", "--guest", "Na", *EMT, "--out", "{new}", "--store", "{store}"),
    "benchmark": ("benchmark", "{file}", "--out", "{new}"),
    "simulate": ("simulate", "Cu-Au", "--holdout", "{file}", "--out", "{new}"),
    "retrain --replay": ("retrain", "t", "--replay", "{file}", "--store", "{store}"),
    "report": ("report", "--out", "{new}", "--store", "{store}"),
    "explain": ("explain", "x", "--store", "{store}"),
    "models convert": ("models", "convert", "{file}"),
    "models register": ("models", "register", "{file}", "--store", "{store}"),
    "models show": ("models", "show", "{file}", "--store", "{store}"),
    "pseudos install": ("pseudos", "install", "own", "--from", "{folder}"),
    "train generator": ("train", "generator", "--train", "{file}", "--out", "{new}"),
    "train --config": ("train", "generator", "--config", "{file}"),
    "train memory": ("train", "memory", "{file}", "--out", "{new}"),
    "train property": ("train", "property", "{file}", "--out", "{new}"),
    "train predictor": ("train", "predictor", "--labels", "{folder}", "--out", "{new}"),
    "train relax": ("train", "relax", "{file}", "--out", "{new}"),
    "train label": ("train", "label", "{file}", "--out", "{new}"),
    "store info": ("store", "info", "--store", "{store}"),
    "store query": ("store", "query", "candidates", "--store", "{store}"),
    "store export": ("store", "export", "candidates", "--out", "{new}", "--store", "{store}"),
    "store build": ("store", "build", "--store", "{store}"),
    "store backup": ("store", "backup", "{new}", "--store", "{store}"),
    "store restore": ("store", "restore", "{folder}", "--store", "{store}"),
    "store check": ("store", "check", "--store", "{store}"),
    "store migrate": ("store", "migrate", "--store", "{store}"),
}
DOCUMENTED = {0, 2, 3, 4}


@pytest.fixture
def named(tmp_path: Path) -> Callable[[str], str]:
    """Puts files of bytes that are no text into the words of a command."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    names = {name: folder / os.fsdecode(b"b\xff." + name.encode()) for name in ("cif", "json")}
    CRYSTAL.to(str(tmp_path / "plain.cif"))
    (tmp_path / "plain.cif").rename(names["cif"])
    record = {
        "lattice": CRYSTAL.lattice.matrix.tolist(), "energy_per_atom": -3.0,
        "atomic_numbers": [55, 17], "frac_coords": CRYSTAL.frac_coords.tolist(),
    }  # fmt: skip
    names["json"].write_text(json.dumps([record]))
    places = {"folder": folder, "file": folder / "nothing", "new": folder / "new",
              "store": tmp_path / os.fsdecode(b"st\xf6re"), **names}  # fmt: skip
    places["file"].write_text("nothing")
    return lambda word: word.format(**places)


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("command", COMMANDS)
def test_non_utf_8_file_names_and_store_paths(
    command: str, as_json: bool, named: Callable[[str], str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    code = main([*map(named, COMMANDS[command]), *["--json"] * as_json])
    told = capsys.readouterr()
    assert code in DOCUMENTED, told.err
    if as_json:
        assert json.loads(told.out).get("exit_code", code) == code
    assert "Traceback" not in told.err
