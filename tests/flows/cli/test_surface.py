"""``dao surface``, ``layer``, ``defects`` and ``fill`` with EMT, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

Dao = Callable[..., Any]
EMT = ("--potential", "ase:ase.calculators.emt:EMT")


@pytest.fixture
def copper(tmp_path: Path) -> str:
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    cell.to(str(tmp_path / "Cu.cif"))
    return "Cu.cif"


def test_surfaces_and_defects_are_kept(dao: Dao, copper: str) -> None:
    answer = dao("surface", copper, "--thickness", "6", "--tops", "2", "--cell", "1x1", *EMT,
                 "--json")  # fmt: skip
    assert answer.code == 0, answer.err
    (record,) = answer.result["structures"]
    (slab,) = record["terminations"]
    # EMT's own value at this thickness; the measured one of copper is 1.8 J/m^2.
    assert slab["surface_energy"] == pytest.approx(1.13, abs=0.1)
    assert Path(slab["cif"]).is_file()
    assert {top["origin"] for top in record["reconstructions"]} >= {"unreconstructed"}
    assert dao("explain", record["interpretation_id"]).code == 0

    answer = dao("defects", copper, "--length", "7", *EMT, "--json")
    assert answer.code == 0, answer.err
    (record,) = answer.result["structures"]
    energies = {one["name"]: one["formation_energy"] for one in record["defects"]}
    # 1.28 eV measured (Ehrhart 1991); EMT is near.
    assert energies["vac_Cu"] == pytest.approx(1.2, abs=0.4)
    assert energies.keys() == {"vac_Cu"}, "no void of copper leaves room for an atom"
    assert any("neutral" in flag for flag in record["flags"])


def test_dao_p_is_outside_its_domain_with_surfaces_and_defects(dao: Dao, tmp_path: Path) -> None:
    cell = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.45), ["Si"], [[0, 0, 0]])
    cell.get_primitive_structure().to(str(tmp_path / "Si.cif"))
    for words, flag in (
        (("surface", "Si.cif", "--miller", "111", "--thickness", "3"), "made for bulk crystals"),
        (("defects", "Si.cif", "--length", "4", "--mu", "Si=-5.3"), "made for perfect crystals"),
    ):
        answer = dao(*words, "--potential", "dao-p", "--json")
        (record,) = answer.result["structures"]
        assert any(flag in one for one in record["flags"]), record["flags"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("surface", "Cu.cif", "--miller", "01"), "three integers"),
        (("surface", "Cu.cif", "--cell", "2"), "two whole numbers"),
        (("defects", "Cu.cif", "--mu", "Cu"), "SYMBOL=ENERGY"),
        (("fill", "Cu.cif", "--count", "many"), "--count many"),
        (("fill", "Cu.cif", "--count", "200"), "beyond every known crystal"),
        (("fill", "no_such_prototype:La", "--count", "2"), "no file, id or AFLOW prototype"),
    ],
)
def test_wrong_input(dao: Dao, copper: str, words: tuple[str, ...], message: str) -> None:
    answer = dao(*words, *EMT)
    assert answer.code == 2
    assert message in answer.err


def test_a_bulk_crystal_is_no_layer(dao: Dao, copper: str) -> None:
    answer = dao("layer", copper, *EMT, "--json")
    assert answer.code == 4
    assert "of vacuum along c" in answer.result["failures"][0]["reason"]


def test_a_layer_is_kept_with_its_vacuum(dao: Dao, tmp_path: Path) -> None:
    lattice = Lattice.hexagonal(2.5, 15.0)
    Structure(lattice, ["Cu"], [[0, 0, 0.5]]).to(str(tmp_path / "layer.cif"))
    answer = dao("layer", "layer.cif", *EMT, "--json")
    assert answer.code == 0, answer.err
    (record,) = answer.result["structures"]
    assert record["vacuum"] == pytest.approx(15.0, abs=0.01)
    assert Structure.from_file(record["cif"]).lattice.c == pytest.approx(15.0, abs=0.01)
    kept = dao("explain", record["interpretation_id"], "--json").result
    assert kept["interpretations"][0]["kind"] == "layer"


def test_a_filled_framework_is_a_candidate_with_its_network(dao: Dao, tmp_path: Path) -> None:
    fcc = Lattice.from_parameters(2.9, 2.9, 2.9, 60, 60, 60)
    Structure(fcc, ["Pd"], [[0, 0, 0]]).to(str(tmp_path / "Pd.cif"))
    answer = dao("fill", "Pd.cif", "--count", "1", "-n", "3", "--pressure", "5", *EMT, "--json")
    assert answer.code == 0, answer.err
    first = answer.result["structures"][0]
    assert first["formula"] == "HPd"
    assert first["network"]["cages"].keys() == {"Pd"}
    assert first["cluster"] == 0
    chain = dao("explain", first["candidate_id"], "--json").result["chain"]
    assert "interpreted by" in {one["relation"] for one in chain["leads_to"]}
    # What came out can be a framework again: its own hydrogen is taken out, and that is said.
    again = dao("fill", first["candidate_id"], "--count", "1", "-n", "1", *EMT, "--json")
    assert any("were taken out" in warning for warning in again.result["warnings"])
