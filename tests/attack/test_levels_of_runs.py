"""Levels of ingested runs: two sets of pseudopotentials never share a hull, one set does."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from stores import DaoStore, open_store
from stores.builders import HullBuilder
from stores.documents import LabelDocument, ThermoDocument
from stores.ingest import IngestReport, ingest, open_source

RECORDED = Path(__file__).parents[1] / "dft_inputs" / "data" / "qe72_si_vc_relax"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Makes the folder of a run of silicon, with its pseudopotential and edits of its XML file."""
    xml = gzip.decompress((RECORDED / "pwscf.xml.gz").read_bytes()).decode()

    def make(name: str, pseudopotential: str, old: str = "", new: str = "") -> Path:
        folder = tmp_path / name / "out"
        folder.mkdir(parents=True)
        (folder / "pwscf.xml").write_text(xml.replace(old, new) if old else xml)
        (folder / "Si.upf").write_text(pseudopotential)
        return tmp_path / name

    return make


def _take(store: DaoStore, folder: Path) -> IngestReport:
    return ingest(store, open_source(f"qe:{folder}"))


def test_two_sets_of_pseudopotentials_do_not_share_a_hull(run: Callable[..., Path]) -> None:
    with open_store("memory://") as store:
        _take(store, run("a", "one set"))
        _take(store, run("b", "another set"))
        again = _take(store, run("c", "one set"))
        assert again.written.inserted == 0
        HullBuilder(store).build()
        levels = {one.level for one in store.find(ThermoDocument)}
        assert len(levels) == 2


def test_a_charged_cell_is_no_label_of_a_hull(run: Callable[..., Path]) -> None:
    with open_store("memory://") as store:
        charged = "<tot_charge>0.0", "<tot_charge>1.0"
        assert _take(store, run("a", "one set", *charged)).rejected == {"charged_cell": 1}
        assert store.labels.count() == 0


def test_runs_at_a_fixed_density_are_passed_over_and_no_fault(run: Callable[..., Path]) -> None:
    with open_store("memory://") as store:
        folder = run("a", "one set", "<calculation>vc-relax<", "<calculation>nscf<")
        report = _take(store, folder)
        assert (report.rejected, report.passed_over) == ({}, {"nscf": 1})


def test_a_run_whose_standard_output_tells_of_a_failure_is_no_label(
    run: Callable[..., Path],
) -> None:
    folder = run("a", "one set")
    (folder / "pw.in").write_bytes((RECORDED / "pw.in").read_bytes())
    output = gzip.decompress((RECORDED / "pw.out.gz").read_bytes()).decode()
    with open_store("memory://") as store:
        (folder / "pw.out").write_text(output + "\n bfgs failed after 10 scf cycles\n")
        assert sum(_take(store, folder).rejected.values()) == 1
        (folder / "pw.out").write_text(output)
        assert _take(store, folder).labels != {}
        assert [one.formula for one in store.find(LabelDocument)] == ["Si"]
