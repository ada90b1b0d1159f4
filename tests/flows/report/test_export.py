"""Exports: one order, one id, names that cannot leave the folder, nothing of others removed."""

from __future__ import annotations

from pathlib import Path

import ase.io
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from flows.report.export import export_structures
from flows.report.file_names import cif_name
from flows.report.summary import CampaignSummary


def test_all_files_hold_the_same_structures_in_the_same_order(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    exports = export_structures(binary, tmp_path)
    ids = [row.candidate_id for row in binary.ranking]
    table = pd.read_parquet(exports.parquet)
    frames = ase.io.read(exports.extxyz, index=":")
    assert exports.failures == ()
    assert list(exports.cif) == list(exports.raw_cif) == ids
    assert table["candidate_id"].tolist() == [f.info["candidate_id"] for f in frames] == ids
    assert [Path(name).name for name in table["cif"]] == [f.name for f in exports.cif.values()]
    assert sorted(exports.cif.values()) == list(exports.cif.values())
    for row, frame in zip(binary.ranking, frames, strict=True):
        assert frame.get_potential_energy() == pytest.approx(row.energy_per_atom * len(frame))
        assert frame.get_volume() / len(frame) == pytest.approx(row.volume_per_atom, rel=1e-5)


def test_symmetrised_cif_has_the_space_group_and_raw_cif_is_p1(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    exports = export_structures(binary, tmp_path)
    for row in binary.ranking:
        symmetrised = exports.cif[row.candidate_id]
        raw = exports.raw_cif[row.candidate_id]
        assert f"_symmetry_Int_Tables_number   {row.space_group_number}" in symmetrised.read_text()
        assert "_symmetry_Int_Tables_number   1\n" in raw.read_text()
        for file in (symmetrised, raw):
            assert Structure.from_file(file).matches(row.relaxed())
        assert f"# candidate_id: {row.candidate_id}" in raw.read_text()


def test_a_space_group_that_the_cif_does_not_have_is_reported(
    element: CampaignSummary, tmp_path: Path
) -> None:
    wrong = element.ranking[0].model_copy(update={"space_group_number": 1})
    exports = export_structures(element.model_copy(update={"ranking": (wrong,)}), tmp_path)
    assert [failure.reason for failure in exports.failures] == [
        "CIF has space group 227, the ranking 1"
    ]


def test_a_wide_tolerance_adds_no_symmetry_to_an_idealised_cell(
    element: CampaignSummary, tmp_path: Path
) -> None:
    almost_cubic = Structure.from_spacegroup(
        "I4/mmm", Lattice.tetragonal(3.0, 3.0 * 2**0.5 * 1.01), ["Si"], [[0, 0, 0]]
    )
    row = element.ranking[0].model_copy(
        update={
            "space_group_number": 139,
            "conventional": almost_cubic.as_dict(),
            "structure": almost_cubic.as_dict(),
            "symprec": 0.3,
        }
    )
    exports = export_structures(element.model_copy(update={"ranking": (row,)}), tmp_path)
    assert exports.failures == ()
    assert "_symmetry_Int_Tables_number   139" in exports.cif[row.candidate_id].read_text()


def test_second_export_removes_only_what_the_first_wrote(
    binary: CampaignSummary, element: CampaignSummary, tmp_path: Path
) -> None:
    export_structures(binary, tmp_path)
    own = tmp_path / "cif" / "0001_mine.cif"
    own.write_text("mine")
    exports = export_structures(element, tmp_path)
    assert set((tmp_path / "cif").iterdir()) == {own, *exports.cif.values()}
    assert set((tmp_path / "cif_p1").iterdir()) == set(exports.raw_cif.values())
    assert export_structures(element, tmp_path) == exports


def test_empty_ranking_gives_readable_empty_files(empty: CampaignSummary, tmp_path: Path) -> None:
    exports = export_structures(empty, tmp_path)
    table = pd.read_parquet(exports.parquet)
    assert len(table) == 0
    assert {"rank", "candidate_id", "energy_above_hull", "level", "cif"} <= set(table.columns)
    assert exports.extxyz.read_text() == ""


def test_hostile_names_stay_inside_the_folder_and_on_one_line(
    hostile: CampaignSummary, tmp_path: Path
) -> None:
    row = hostile.ranking[0]
    assert "/" not in cif_name(row)
    assert ".." not in cif_name(row)
    exports = export_structures(hostile, tmp_path / "out")
    assert all(file.is_file() for file in exports.cif.values())
    assert len(ase.io.read(exports.extxyz, index=":")) == len(hostile.ranking)
    assert Structure.from_file(exports.cif[row.candidate_id]).composition.reduced_formula == "MgO"
