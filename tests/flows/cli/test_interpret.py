"""``dao campaign`` that interprets its best, from a file: what breaks is said and made up for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from flows.campaign.interpreting import kinds

Dao = Callable[..., Any]
CAMPAIGN = """
targets: Cu
candidates: 0
seed_structures: [fcc.cif, cubic.cif]
potential: ase:ase.calculators.emt:EMT
out: out
interpret:
  phonons: 1
  pressure: {pressures: [0, 20], polymorphs: 2}
  network: {symbol: Cu, best: 1}
"""


@pytest.mark.slow
def test_a_campaign_from_a_file_interprets_its_best(
    dao: Dao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcc = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    fcc.get_primitive_structure().to(str(tmp_path / "fcc.cif"))
    Structure(Lattice.cubic(2.4), ["Cu"], [[0, 0, 0]]).to(str(tmp_path / "cubic.cif"))
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)

    def breaks(*_: object) -> None:
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patch:
        patch.setitem(kinds.KINDS, "pressure", breaks)
        answer = dao("campaign", "--config", "campaign.yaml", "--json")
    assert answer.code == 4, answer.err
    assert answer.result["failures"] == [
        {"item": "pressure", "stage": "pressure", "reason": "out of luck"}
    ]
    made = [(one["kind"], one["rank"]) for one in answer.result["interpretations"]]
    assert made == [("network", 1), ("phonons", 1)]
    first = answer.result["interpretations"]

    answer = dao("campaign", "--config", "campaign.yaml", "--json")
    assert answer.code == 0, answer.err
    assert not answer.result["reused"]
    assert [one for one in answer.result["interpretations"] if one["kind"] != "pressure"] == first
    assert any(one["kind"] == "pressure" for one in answer.result["interpretations"])
    report = (tmp_path / "out" / "report.html").read_text()
    assert "dynamically stable" in report
    again = dao("campaign", "--config", "campaign.yaml")
    assert again.code == 0
    assert "found done" in again.out
    assert all(kind in again.out for kind in ("network", "phonons", "pressure"))


def test_what_is_asked_wrongly_on_the_command_line(dao: Dao) -> None:
    answer = dao("campaign", "Cu", "--interpret", "auras=2")
    assert answer.code == 2
    assert "--interpret: auras: unknown setting; known are network, phonons" in answer.err
    answer = dao("campaign", "Cu", "--interpret", "phonons=many")
    assert answer.code == 2
    assert "--interpret: phonons.best: " in answer.err
