from __future__ import annotations

from pathlib import Path

import pytest

from dft_inputs.qe.geometry import last_geometry
from dft_inputs.qe.schemas.pw_xml import read_pw_xml, structure_of


def test_last_geometry_is_that_of_the_xml_file(recorded_72: Path) -> None:
    geometry = last_geometry(recorded_72)
    assert geometry is not None
    final = structure_of(
        read_pw_xml(recorded_72 / "out" / "pwscf.xml")["output"]["atomic_structure"]
    )
    assert geometry.volume == pytest.approx(final.volume, rel=1e-6)


@pytest.mark.parametrize("share", [0.35, 0.5, 0.75, 0.9])
def test_an_output_cut_off_anywhere_gives_a_whole_geometry(recorded_72: Path, share: float) -> None:
    path = recorded_72 / "pw.out"
    text = path.read_text()
    path.write_text(text[: int(len(text) * share)])
    geometry = last_geometry(recorded_72)
    if "ATOMIC_POSITIONS" not in path.read_text():
        assert geometry is None
    elif geometry is not None:
        assert len(geometry) == 2
        assert 30 < geometry.volume < 60


def test_a_block_cut_in_its_rows_does_not_count(recorded_72: Path) -> None:
    path = recorded_72 / "pw.out"
    text = path.read_text()
    first = text.index("ATOMIC_POSITIONS (crystal)")
    second_row = text.index("\n", text.index("\n", first) + 1) + 12
    path.write_text(text[:second_row])
    assert last_geometry(recorded_72) is None


def test_no_run_no_geometry(tmp_path: Path) -> None:
    assert last_geometry(tmp_path) is None
