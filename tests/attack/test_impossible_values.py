"""Values that cannot be: refused at ingest, left out where they are stored, told by the check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from flows.cli.app import main
from stores import open_store
from stores.documents import LabelDocument, StructureDocument

CRYSTALS = {
    "Mg": (Structure(Lattice.cubic(3.4), ["Mg"], [[0, 0, 0]]), -1.5),
    "O": (Structure(Lattice.cubic(2.6), ["O"], [[0, 0, 0]]), -4.5),
    "MgO": (Structure(Lattice.cubic(2.9), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]), -6.0),
}
BAD = [
    {"energy": "-inf"},
    {"energy": "nan"},
    {"energy": "-1e9"},
    {"energy": "-12.0", "forces": "nan 0 0"},
]


def _frame(crystal: Structure, energy: str, forces: str | None = None) -> str:
    """A frame of extended XYZ; energy in eV per cell, the same forces on every atom."""
    lattice = " ".join(map(str, np.ravel(crystal.lattice.matrix)))
    columns = "species:S:1:pos:R:3" + (":forces:R:3" if forces else "")
    rows = [f"{site.specie} {' '.join(map(str, site.coords))} {forces or ''}" for site in crystal]
    comment = f'Lattice="{lattice}" Properties={columns} energy={energy} pbc="T T T"'
    return "\n".join([str(len(crystal)), comment, *rows]) + "\n"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What a command says as JSON; its exit code is checked."""

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        assert main([*words, "--store", str(tmp_path / "store"), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_impossible_frames_are_rejected_and_the_store_works(
    tmp_path: Path, said: Callable[..., dict[str, Any]], bad: dict[str, str]
) -> None:
    frames = [_frame(crystal, str(e * len(crystal))) for crystal, e in CRYSTALS.values()]
    stretched = CRYSTALS["MgO"][0].copy().scale_lattice(30.0)
    (tmp_path / "data.extxyz").write_text("".join([*frames, _frame(stretched, **bad)]))
    told = said("ingest", str(tmp_path / "data.extxyz"), "--level", "t", code=4)
    (word,) = told["rejected"]
    assert word.startswith("impossible_")
    found = said("store", "query", "chemsys=Mg-O")["documents"]
    assert [one["energy_above_hull"] for one in found] == [0.0]


@pytest.mark.parametrize(
    "facts",
    [{"energy_per_atom": float("-inf")}, {"energy_per_atom": float("nan")},
     {"energy_per_atom": -1e8}, {"forces": [[0.0, 0.0, 0.0]]},
     {"forces": [[0.0, 0.0, 0.0], [0.0]]}],
    ids=str,
)  # fmt: skip
def test_impossible_labels_of_a_store_are_left_out_and_named(
    tmp_path: Path, said: Callable[..., dict[str, Any]], facts: dict[str, Any]
) -> None:
    crystals = [StructureDocument.from_structure(crystal) for crystal, _ in CRYSTALS.values()]
    labels = [
        LabelDocument.of(crystal, level="t", source="test", energy_per_atom=energy)
        for crystal, energy in CRYSTALS.values()
    ]
    bad = labels[2].model_copy(update={"label_id": "l-bad", "energy_per_atom": -9.0, **facts})
    with open_store(tmp_path / "store") as store:
        store.put([*crystals, *labels, bad])
    said("store", "build")
    (thermo,) = said("store", "query", "chemsys=Mg-O")["documents"]
    assert (thermo["energy_per_atom"], thermo["energy_above_hull"]) == (-6.0, 0.0)
    listed = said("store", "query", "--in", "labels")["documents"]
    assert {one["label_id"] for one in listed} == {one.label_id for one in labels}
    said(
        "store",
        "export",
        "--in",
        "labels",
        "--format",
        "extxyz",
        "--out",
        str(tmp_path / "out.xyz"),
    )
    faults = said("store", "check", code=4)["faults"]
    assert [one["where"] for one in faults] == ["labels/l-bad"]
    assert "impossible_" in faults[0]["what"]
