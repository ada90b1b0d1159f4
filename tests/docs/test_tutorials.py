"""The tutorials run from beginning to end, in their quick form, and draw their pictures."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dft_inputs.pseudos import install_family

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Run a tutorial in this process; what it prints, once its picture was drawn."""

    def call(name: str, home: Path) -> dict[str, Any]:
        monkeypatch.setenv("DAO_HOME", str(home))
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(TUTORIALS))
        monkeypatch.setattr(sys, "argv", [name, "--quick", "--out", str(tmp_path / "out")])
        runpy.run_path(str(TUTORIALS / f"{name}.py"), run_name="__main__")
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 5000
        return json.loads(capsys.readouterr().out)

    return call


@pytest.mark.slow
def test_polymorphs(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    found = run("polymorphs", tmp_path / "home")
    assert found["formula"] == "TiO2"
    first = found["polymorphs"][0]
    assert (first["space_group"], first["chgnet"]) == ("P4_2/mnm", 0.0)  # rutile


@pytest.mark.slow
@pytest.mark.training
def test_a_retraining_round(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    found = run("retraining_round", tmp_path / "home")
    (only,) = found["rounds"]
    assert only["held"] > 0 < only["learned"]
    assert found["mae_before"] - found["mae_after"] == pytest.approx(found["gain"])
    assert (found["gain"] != 0) == only["promoted"]


@pytest.mark.dft
@pytest.mark.slow
def test_a_binary_oxide(run: Callable[..., dict[str, Any]], shared: Path, tmp_path: Path) -> None:
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    install_family(source=str(source), root=tmp_path / "home" / "pseudos")
    found = run("binary_oxide", tmp_path / "home")
    (first,) = found["checked"]
    assert (first["formula"], first["space_group"]) == ("MgO", "Fm-3m")
    ends = [first["dft"], *found["dft"]["competing"]]
    assert {one["formula"] for one in found["dft"]["competing"]} == {"Mg", "O2"}
    assert {(one["state"], one["reason"]) for one in ends} <= {("done", None), ("failed", "budget")}
    assert found["dft"]["core_hours"] > 0
