"""What one types in a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ase import Atoms
from pymatgen.core import Lattice, Structure

import dao_core as dao
from dao_core.errors import InputError
from dao_core.search import relaxation
from dao_core.search.in_memory import InMemory

EMT = "ase:ase.calculators.emt:EMT"
SMALL = {"potential": EMT, "sources": ("template",), "candidates": 16, "relax": 11, "max_atoms": 2}
COPPER = Structure(Lattice.cubic(3.7), ["Cu"] * 4, [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5],
                                                    [0.5, 0.5, 0]])  # fmt: skip


@pytest.fixture(scope="module")
def landscape() -> Any:
    return dao.search("Cu-Au", progress=False, **SMALL)


def test_the_face_is_loaded_without_what_it_does_not_need() -> None:
    code = (
        "import sys, dao_core as dao; heavy = {'torch', 'pymatgen', 'prefect', 'pandas', 'numpy'};"
        "assert 'search' in dir(dao); print(sorted(heavy & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_ranking_is_a_table_and_its_rows_are_crystals(landscape: Any) -> None:
    table = landscape.ranking
    assert isinstance(table, pd.DataFrame)
    assert len(table) == len(landscape)
    assert table.index[0] == 1
    best = landscape.best("AuCu")
    assert best.formula == Structure.from_dict(best.row.structure).composition.reduced_formula
    assert best.energy_above_hull == table.loc[best.rank, "energy_above_hull"]
    assert isinstance(best.to_ase(), Atoms)
    assert Structure.from_str(best.cif(), "cif").composition.reduced_formula == best.formula
    assert max(best.xrd().y) == pytest.approx(100)
    assert best.provenance["source"] == "template"
    with pytest.raises(InputError, match=r"no crystal of MgO was found; there is .*Cu"):
        landscape.best("MgO")


def test_the_hull_is_drawn_and_the_landscape_shows_itself(landscape: Any) -> None:
    assert {"Au", "Cu"} <= set(landscape.hull.stable)
    assert landscape.hull.plot().axes
    shown = landscape._repr_html_()
    assert "data:image/png" in shown
    assert "energy_above_hull" in shown
    assert repr(landscape).startswith("Landscape(Au-Cu: ")


def test_it_goes_out_in_the_forms_that_others_read(landscape: Any, tmp_path: Path) -> None:
    assert len(landscape.to("entries")) == len(landscape) + 2, "the elements are in the hull too"
    assert len(pd.read_parquet(landscape.to("parquet", tmp_path / "r.parquet"))) == len(landscape)
    assert len(list(landscape.to("cif", tmp_path / "cif").glob("*.cif"))) == len(landscape)
    file = landscape.to("extxyz", tmp_path / "all.xyz")
    assert file.read_text().count("candidate_id") == len(landscape)
    with pytest.raises(InputError, match="say where"):
        landscape.to("cif")
    with pytest.raises(InputError, match="no form"):
        landscape.to("docx", tmp_path / "x")


def test_ctrl_c_returns_what_is_there_and_the_same_again_goes_on(
    landscape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, calls, relax = InMemory(), [], relaxation.relax

    def pressed(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return relax(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(relaxation, "relax", pressed)
        part = dao.search("Cu-Au", store=memory, progress=False, **SMALL)
    assert part.interrupted
    assert 0 < len(part) < len(landscape)
    whole = dao.search("Cu-Au", store=memory, progress=False, **SMALL)
    assert not whole.interrupted
    assert list(whole.ranking.structure_id) == list(landscape.ranking.structure_id)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dao.search("Xx-O"), "targets: .*Xx"),
        (lambda: dao.search("Mg-O", candidats=3), "candidats: unknown setting; known are targets"),
        (lambda: dao.search("Mg-O", hold="sites"), "hold: means nothing without template"),
        (lambda: dao.search("Mg-O", store="folder"), "store: 'folder' is no memory"),
        (lambda: dao.load_potential("dao-q"), "dao-q"),
        (lambda: dao.generate("Q7", 1), "unknown element"),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_the_shell(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_single_steps() -> None:
    (relaxed,) = dao.relax(COPPER, potential=EMT)
    assert relaxed.converged
    table = dao.predict([COPPER, relaxed.structure], potential=EMT)
    assert table.energy_per_atom[1] < table.energy_per_atom[0]
    assert abs(table.pressure[1]) < 1 < table.pressure[0] + 100
    atoms = COPPER.to_ase_atoms(msonable=False)
    atoms.calc = dao.load_potential(EMT).calculator()
    assert atoms.get_potential_energy() / 4 == pytest.approx(table.energy_per_atom[0], abs=1e-6)
