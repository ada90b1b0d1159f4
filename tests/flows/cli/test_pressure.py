"""``dao pressure`` on copper in two structures, with a potential that takes no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

Dao = Callable[..., Any]
EMT = ("--potential", "ase:ase.calculators.emt:EMT")


@pytest.fixture
def polymorphs(tmp_path: Path) -> None:
    Structure(Lattice.cubic(2.9), ["Cu", "Cu"], [[0, 0, 0], [0.5, 0.5, 0.5]]).to(
        str(tmp_path / "bcc.cif")
    )
    Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]]).to(
        str(tmp_path / "fcc.cif")
    )


@pytest.mark.usefixtures("polymorphs")
def test_polymorphs_are_compared_and_drawn(dao: Dao) -> None:
    answer = dao("pressure", "bcc.cif", "fcc.cif", *EMT, "--to", "20", "--points", "5", "--json")
    assert answer.code == 0
    (copper,) = answer.result["compositions"]
    assert (copper["formula"], copper["stable"]) == ("Cu", ["fcc.cif"])
    fcc = next(p for p in copper["polymorphs"] if p["file"] == "fcc.cif")
    volumes = [point["volume_per_atom"] for point in fcc["points"]]
    assert volumes == sorted(volumes, reverse=True)
    assert fcc["equation_of_state"]["bulk_modulus"] == pytest.approx(134, rel=0.1)
    assert "plotly" in Path(copper["figure"]).read_text()
    assert {"level", "store", "versions", "seconds"} <= answer.result.keys()


@pytest.mark.usefixtures("polymorphs")
def test_an_empty_range_is_wrong_input(dao: Dao) -> None:
    answer = dao("pressure", "fcc.cif", *EMT, "--from", "20", "--to", "10")
    assert answer.code == 2
    assert "--from 20 must be below --to 10" in answer.err
