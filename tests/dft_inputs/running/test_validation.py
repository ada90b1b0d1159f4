"""Validation with a stand-in pw.x: processes, folders, once ever, interruption, budget, hulls."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Composition, Lattice, Structure

from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.running import element_energies
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.ledger import Ledger
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import Validation, ValidationReport, _point, validate

StandIn = Callable[..., tuple[str, Path]]


def method(command: str) -> Method:
    return Method(protocol="fast", workflow="static", pseudo_family="small", command=command)


@pytest.fixture
def home(small_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small family, with the version that the stand-in says."""
    monkeypatch.setattr("dft_inputs.qe.sets.pw_version", lambda command: (7, 2))
    return small_home


def calls(log: Path) -> int:
    return len(log.read_text().splitlines())


def test_a_crystal_is_computed_once_ever(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    primitive = silicon.get_primitive_structure()
    first = validate(
        {"cubic": silicon, "primitive": primitive}, method(command), Limits(cores=2), root=tmp_path
    )
    cost, ran = Ledger(tmp_path / "ledger.sqlite").core_hours(), calls(log)
    again = validate({"again": silicon * (2, 1, 1)}, method(command), root=tmp_path)
    assert [v.state for v in first.validations] == ["done", "done"]
    assert len({v.key for v in [*first.validations, *again.validations]}) == 1
    assert again.validations[0].reused
    assert calls(log) == ran
    assert again.core_hours == cost > 0
    result = again.validations[0].result
    assert result is not None
    assert result.formula == "Si"
    assert result.task["corrections"] == []


def test_each_calculation_has_its_folder_and_leaves_no_wave_functions(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    report = validate({"si": silicon}, method(command), root=tmp_path)
    key = report.validations[0].key
    assert key is not None
    folder = tmp_path / key[:2] / key
    assert all(Path(line).is_relative_to(folder) for line in log.read_text().splitlines())
    assert (folder / "result.json").is_file()
    assert list(folder.rglob("*.save")) == []


def test_a_bad_crystal_costs_only_itself(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    half = silicon.copy()
    half[0] = {"Si": 0.5, "Mg": 0.5}
    alien = Structure(Lattice.cubic(3), ["Ge"], [[0, 0, 0]])
    report = validate(
        {"half": half, "alien": alien, "good": silicon}, method(stand_in()[0]), root=tmp_path
    )
    assert [v.state for v in report.validations] == ["failed", "failed", "done"]
    assert report.validations[0].reason == "bad_input"
    assert report.validations[1].reason == "missing_pseudopotential"
    assert "Ge" in str(report.validations[1].message)


def test_a_failed_calculation_is_told_with_its_reason_and_tried_again(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    whole = Path(command).read_text()
    Path(command).write_text(whole.replace(".decode())", ".decode()[:9000])"))
    failed = validate({"si": silicon}, method(command), root=tmp_path).validations[0]
    assert (failed.state, failed.reason) == ("failed", "truncated_output")
    assert failed.core_hours > 0
    Path(command).write_text(whole)
    cured = validate({"si": silicon}, method(command), root=tmp_path).validations[0]
    assert (cured.state, cured.reused, cured.key) == ("done", False, failed.key)
    assert cured.core_hours > failed.core_hours
    assert calls(log) >= 2


def test_what_was_corrected_in_any_run_is_told_of_success_and_failure(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    whole = Path(command).read_text()
    broken = "print('     convergence NOT achieved after 100 iterations: stopping'); sys.exit(2)"
    Path(command).write_text(whole.replace("out = pathlib", f"{broken}\nout = pathlib"))
    failed = validate({"si": silicon}, method(command), root=tmp_path).validations[0]
    assert failed.reason == "scf_not_converged"
    assert [c.handler for c in failed.corrections] == ["ScfHandler"] * 5
    once = f"if sum(1 for _ in open({str(log)!r})) == 6:\n    {broken}\nout = pathlib"
    Path(command).write_text(whole.replace("out = pathlib", once))
    # The first scf of a chain needs the correction; the last run, whose document counts, none.
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)
    chain = replace(method(command), protocol=protocol, workflow="relax")
    done = validate({"si": silicon}, chain, root=tmp_path).validations[0]
    assert done.result is not None
    assert done.result.steps == 4, "ionic steps of the recorded relaxation"
    assert done.result.energy_before is not None
    assert done.result.energy_before > done.result.energy_per_atom
    assert done.result.task["corrections"] == []
    assert [c.handler for c in done.corrections] == ["ScfHandler"]
    assert done.corrections[0].actions[0]["set"] == {"mixing_beta": 0.32}
    assert done.result.corrections == done.corrections


def test_output_of_another_crystal_is_no_result(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    aluminium = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.05), ["Al"], [[0, 0, 0]])
    command, _ = stand_in(honest=False)
    report = validate({"al": aluminium, "si": silicon}, method(command), root=tmp_path)
    assert {(v.state, v.reason) for v in report.validations} == {("failed", "foreign_output")}
    assert "atoms Al1 was asked for, the output has Si2" in str(report.validations[0].message)
    assert "calculation scf was asked for" in str(report.validations[1].message)


def test_missing_program_is_told_before_anything_runs(
    small_home: Path, silicon: Structure, tmp_path: Path
) -> None:
    report = validate({"si": silicon}, method("absent-pw.x"), root=tmp_path)
    assert report.validations[0].reason == "missing_program"
    assert not list(tmp_path.glob("??/*"))


def test_nothing_to_do_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no structure"):
        validate({}, root=tmp_path)


def test_two_at_a_time_never_share_more_cores_than_there_are(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, _ = stand_in(seconds=0.3)
    crystals = {}
    for index in range(5):
        crystals[str(index)] = silicon.copy()
        crystals[str(index)].scale_lattice(silicon.volume * (1 + 0.02 * index))
    report = validate(crystals, method(command), Limits(cores=2), root=tmp_path)
    assert len(report.done) == 5
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        spans = connection.execute("SELECT started, ended FROM attempts").fetchall()
    assert len(spans) == 5
    overlap = [sum(a <= start < b for a, b in spans) for start, _ in spans]
    assert max(overlap) == 2


@pytest.mark.parametrize(("given", "free"), [(0.1, 99.0), (None, 0.1)])
def test_what_does_not_fit_into_memory_waits(
    home: Path,
    stand_in: StandIn,
    silicon: Structure,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: float | None,
    free: float,
) -> None:
    monkeypatch.setattr("dft_inputs.running.pool.free_memory", lambda: free)
    command, _ = stand_in(seconds=0.3)
    crystals = {str(i): silicon.copy() for i in range(2)}
    crystals["1"].scale_lattice(silicon.volume * 1.02)
    limits = Limits(cores=2, memory=given)
    report = validate(crystals, method(command), limits, root=tmp_path)
    assert len(report.done) == 2, "what is larger than the limit runs alone"
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        attempts = connection.execute("SELECT started, ended FROM attempts ORDER BY started")
        (_, first_end), (second_start, _) = attempts.fetchall()
    assert second_start >= first_end


def test_the_budget_stops_what_runs_and_what_waits(
    home: Path, stand_in: StandIn, silicon: Structure, magnesia: Structure, tmp_path: Path
) -> None:
    command, log = stand_in(busy=60)
    report = validate(
        {"si": silicon, "mgo": magnesia},
        method(command),
        Limits(cores=1, core_hours=4 / 3600, account="small"),
        root=tmp_path,
    )
    assert {v.reason for v in report.validations} == {"budget"}
    assert calls(log) <= 1
    assert 4 / 3600 <= report.core_hours < 30 / 3600
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        assert connection.execute("SELECT 1 FROM attempts WHERE ended IS NULL").fetchall() == []


PATIENCE = 200
"""Seconds that a calculation would take if it were not interrupted; a loaded machine needs some."""
DRIVER = """
import sys
from pathlib import Path
from pymatgen.core import Lattice, Structure
import dft_inputs.qe.program as program
from dft_inputs.method import Method
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate
if __name__ == "__main__":
    silicon = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
    method = Method("qe", "fast", "static", "small", command=sys.argv[1])
    report = validate({"si": silicon}, method, Limits(cores=1), root=Path(sys.argv[2]))
    print(report.validations[0].state)
"""


@pytest.mark.parametrize(
    ("how", "alone"),
    [
        (signal.SIGINT, False),
        (signal.SIGKILL, False),
        (signal.SIGTERM, True),
        (signal.SIGKILL, True),
    ],
)
def test_an_interrupted_validation_leaves_nothing_behind_and_goes_on(
    home: Path,
    stand_in: StandIn,
    silicon: Structure,
    tmp_path: Path,
    how: signal.Signals,
    alone: bool,
) -> None:
    command, log = stand_in(seconds=PATIENCE)
    root, script = tmp_path / "runs", tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = {**os.environ, "DAO_HOME": str(home), "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(
        [sys.executable, str(script), command, str(root)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(lambda: calls(log) == 1)
    (os.kill if alone else os.killpg)(process.pid, how)
    process.wait(PATIENCE)
    if alone or how == signal.SIGINT:
        wait_for(lambda: running_in(root) == 0)
    command, log = stand_in(seconds=0)
    report: ValidationReport = validate({"si": silicon}, method(command), root=root)
    assert report.validations[0].state == "done"
    assert running_in(root) == 0
    with sqlite3.connect(root / "ledger.sqlite") as connection:
        attempts = connection.execute("SELECT ended - started FROM attempts").fetchall()
    assert len(attempts) == 2
    assert all(seconds is not None and seconds < PATIENCE for (seconds,) in attempts)


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def running_in(root: Path) -> int:
    """Number of processes whose working folder is inside a folder."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            found += entry.readlink().is_relative_to(root)
        except OSError:
            continue
    return found


def test_hull_waits_for_its_elements(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)  # what is replayed never settles
    relaxed = replace(method(stand_in()[0]), protocol=protocol, workflow="relax")
    report = validate({"si": silicon}, relaxed, Limits(cores=2), hull=True, root=tmp_path)
    assert [phase.name for phase in report.competing] == ["Si in Si"]
    above = report.validations[0].energy_above_hull
    assert above == pytest.approx(0.0, abs=1e-9)


def test_an_element_whose_energy_ships_is_not_computed(
    home: Path,
    stand_in: StandIn,
    silicon: Structure,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(element_energies, "FILE", tmp_path / "energies.json")
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)
    command, log = stand_in()
    relaxed = replace(method(command), protocol=protocol, workflow="relax")
    silicon.scale_lattice(1.1 * silicon.volume)  # not the crystal of the reference itself
    first = validate({"si": silicon}, relaxed, hull=True, root=tmp_path / "there")
    assert first.competing[0].result is not None
    element_energies.add_result(first.competing[0].result)
    element_energies.add_result(first.competing[0].result)  # once is enough
    assert len(element_energies.shipped_results()) == 1
    ran = calls(log)
    again = validate({"si": silicon}, relaxed, hull=True, root=tmp_path / "here")
    assert again.competing[0].reused
    assert calls(log) == ran + ran // 2  # the crystal alone
    assert again.validations[0].energy_above_hull == pytest.approx(0.0, abs=1e-9)
    other = replace(relaxed, spin=False)  # another level: its own element
    assert (
        not validate({"si": silicon}, other, hull=True, root=tmp_path / "other").competing[0].reused
    )


def test_a_hull_under_pressure_is_one_of_enthalpies(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)
    relaxed = replace(
        method(stand_in()[0]), protocol=protocol, workflow="relax", pressure=160.21766208
    )
    report = validate({"si": silicon}, relaxed, hull=True, root=tmp_path)
    result = report.validations[0].result
    assert result is not None
    point = _point(report.validations[0], relaxed.pressure)
    work = result.volume / result.n_atoms  # 160.2 GPa is 1 eV/angstrom^3
    assert point.energy_per_atom == pytest.approx(result.energy_per_atom + work)
    assert report.validations[0].energy_above_hull == pytest.approx(0.0, abs=1e-9)


def test_no_hull_without_every_element(
    home: Path, stand_in: StandIn, magnesia: Structure, tmp_path: Path
) -> None:
    magnesia.replace_species({"O": "Mn"})
    report = validate({"x": magnesia}, method(stand_in()[0]), hull=True, root=tmp_path)
    assert report.validations[0].energy_above_hull is None
    refused = {phase.name: phase.reason for phase in report.competing}
    assert refused["Mn in Mg-Mn"] == "bad_input"


class Elsewhere:
    """A memory that knows one result and one crystal far below all others."""

    def __init__(self, known: CalculationResult) -> None:
        self.known = known

    def results(self, keys: Sequence[str]) -> Iterable[CalculationResult]:
        return [self.known] if self.known.key in keys else []

    def hull_points(
        self, level: str, elements: Sequence[str], pressure: float
    ) -> Mapping[str, PhaseEntry]:
        deep = self.known.energy_per_atom - 1.0
        return {"deep": PhaseEntry(Composition("Si"), deep, level)}


def test_what_is_known_elsewhere_is_not_computed_and_counts_in_the_hull(
    home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    first = validate({"si": silicon}, method(command), root=tmp_path / "there").validations[0]
    assert first.result is not None
    ran, heard = calls(log), []

    def hear(validation: Validation) -> None:
        heard.append((validation.name, validation.state))

    again = validate(
        {"si": silicon}, method(command), root=tmp_path / "here",
        memory=Elsewhere(first.result), on_end=hear,
    )  # fmt: skip
    assert calls(log) == ran
    assert again.validations[0].reused
    assert heard == [("si", "done")]
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)
    relaxed = replace(method(command), protocol=protocol, workflow="relax")
    placed = validate(
        {"si": silicon}, relaxed, hull=True, root=tmp_path / "here", memory=Elsewhere(first.result)
    )
    assert placed.validations[0].energy_above_hull == pytest.approx(1.0, abs=1e-6)
