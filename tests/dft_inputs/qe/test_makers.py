"""Flows of pw.x jobs: with a stand-in program, what is decided and what is sent elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jobflow import Flow, JobStore, run_locally
from maggma.stores import MemoryStore
from monty.json import MontyDecoder, MontyEncoder
from pymatgen.core import Structure

from dft_inputs.errors import IonsNotConvergedError, TruncatedOutputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.qe.files import save_path
from dft_inputs.qe.makers.core import StaticMaker, VcRelaxMaker
from dft_inputs.qe.makers.phonons import GammaPhononMaker, phonon_document
from dft_inputs.qe.makers.relaxations import (
    ByOccupationsMaker,
    SettledRelaxMaker,
    SettledRelaxStaticMaker,
    follow_with_occupations,
    occupations_for,
)
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator

pytestmark = pytest.mark.filterwarnings("ignore")

StandIn = Callable[..., tuple[str, Path]]


def run(flow: Flow, folder: Path) -> PwTaskDoc:
    folder.mkdir(exist_ok=True)
    store = JobStore(MemoryStore())
    run_locally(
        flow, store=store, create_folders=True, root_dir=folder, raise_immediately=True, log=False
    )
    output = flow.output.resolve(store)
    assert isinstance(output, PwTaskDoc)
    return output


def relax_maker(command: str, **kwargs: float) -> VcRelaxMaker:
    generator = PwInputGenerator(
        calculation="vc-relax",
        pseudo_family="small",
        protocol=replace(PROTOCOLS["fast"], **kwargs),
    )
    return VcRelaxMaker(
        input_set_generator=generator, run_pw_kwargs={"command": command}, resume=True
    )


def starting_potentials(log: Path) -> list[str | None]:
    """What each run of the stand-in was told to start from."""
    runs = [PwInput.from_directory(Path(line)) for line in log.read_text().splitlines()]
    return [pw_input.get("electrons", "startingpot") for pw_input in runs]


@pytest.fixture
def task(recorded_72: Path, level: LevelOfTheory) -> PwTaskDoc:
    return PwTaskDoc.from_directory(recorded_72, level)


def test_relaxation_is_repeated_until_the_last_allowed_time(
    small_home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    # No change of volume is below none.
    command, log = stand_in()
    maker = SettledRelaxMaker(
        relax_maker=relax_maker(command, max_relaxations=3, volume_tolerance=0.0)
    )
    with pytest.raises(IonsNotConvergedError, match="after 3 relaxations"):
        run(maker.make(silicon.to_primitive()), tmp_path / "runs")
    # The second and third start from the same crystal: a finished run is adopted, not repeated.
    assert len(log.read_text().splitlines()) == 2


def test_a_settled_volume_ends_the_relaxation(
    small_home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    maker = SettledRelaxMaker(relax_maker=relax_maker(command, volume_tolerance=0.5))
    assert run(maker.make(silicon.to_primitive()), tmp_path / "runs").calculation == "vc-relax"
    assert len(log.read_text().splitlines()) == 1


def test_what_follows_a_first_scf_starts_from_its_density_if_that_is_still_there(
    small_home: Path, stand_in: StandIn, task: PwTaskDoc, silicon: Structure, tmp_path: Path
) -> None:
    command, log = stand_in()
    for density, start in (("kept", "file"), ("deleted", None)):
        folder = tmp_path / density
        if density == "kept":
            save_path(folder).mkdir(parents=True)
        first = task.model_copy(update={"dir_name": str(folder)})
        maker = SettledRelaxMaker(relax_maker=relax_maker(command, volume_tolerance=0.5))
        followed = follow_with_occupations.original(first, maker, silicon.to_primitive()).replace
        run(followed, tmp_path / f"runs-{density}")
        assert starting_potentials(log)[-1] == start


def test_an_interrupted_relaxation_goes_on_from_its_last_geometry(
    small_home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    command, _ = stand_in()
    maker, folder, silicon = relax_maker(command), tmp_path / "runs", silicon.to_primitive()
    whole = Path(command).read_text()
    Path(command).write_text(whole.replace(".decode())", ".decode()[:24000])"))
    with pytest.raises(TruncatedOutputError):
        run(Flow([job := maker.make(silicon)], output=job.output), folder)
    Path(command).write_text(whole)
    run(Flow([job := maker.make(silicon)], output=job.output), folder)
    inputs = sorted(folder.glob("*/pw.in"), key=lambda path: path.stat().st_mtime)
    assert len(inputs) == 2
    volumes = [PwInput.from_directory(path.parent).structure.volume for path in inputs]
    assert volumes[0] == pytest.approx(silicon.volume)
    assert volumes[1] != pytest.approx(silicon.volume, rel=1e-3)


def test_occupations_follow_the_first_scf(task: PwTaskDoc) -> None:
    def with_electrons(**changes: object) -> PwTaskDoc:
        return task.model_copy(update={"electronic": task.electronic.model_copy(update=changes)})

    assert occupations_for(with_electrons(is_metal=False)) == "fixed"
    assert occupations_for(with_electrons(is_metal=True)) == "smearing"
    spin = with_electrons(is_metal=False, total_magnetization=4.0)
    assert occupations_for(spin) == "smearing"
    smeared = {**task.inputs, "system": {**task.inputs["system"], "degauss": 0.0275}}
    for gap, occupations in ((0.32, "smearing"), (0.6, "fixed")):  # 0.0275 Ry are 0.37 eV
        first = with_electrons(is_metal=False, band_gap=gap)
        assert occupations_for(first.model_copy(update={"inputs": smeared})) == occupations


def test_bands_that_a_first_scf_lacked_are_given_to_what_follows(
    small_home: Path, task: PwTaskDoc, silicon: Structure
) -> None:
    def following(inputs: dict[str, dict[str, object]], *, is_metal: bool) -> PwInput:
        electronic = task.electronic.model_copy(update={"is_metal": is_metal})
        first = task.model_copy(update={"inputs": inputs, "electronic": electronic})
        maker = relax_maker("pw.x")
        response = follow_with_occupations.original(first, maker, silicon)
        generator = response.replace.maker.input_set_generator
        return generator.get_input_set(silicon).pw_input

    corrected = {**task.inputs, "system": {**task.inputs["system"], "nbnd": 40}}
    assert following(corrected, is_metal=True).get("system", "nbnd") == 40
    assert following(task.inputs, is_metal=True).get("system", "nbnd") is None
    # fixed occupations have no half-filled bands
    assert following(corrected, is_metal=False).get("system", "nbnd") is None


@pytest.mark.parametrize(
    "maker",
    [
        ByOccupationsMaker(then_maker=SettledRelaxStaticMaker()),
        GammaPhononMaker(),
    ],
    ids=lambda maker: type(maker).__name__,
)
def test_flows_can_be_sent_elsewhere_as_json(maker: object, silicon: Structure) -> None:
    flow = maker.make(silicon)  # type: ignore[attr-defined]
    text = json.dumps(flow, cls=MontyEncoder)
    copy = MontyDecoder().decode(text)
    assert [job.name for job, _ in copy.iterflow()] == [job.name for job, _ in flow.iterflow()]
    assert copy.output.uuid == flow.output.uuid


ELSEWHERE = """
import json, sys
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore
from monty.json import MontyDecoder
flow = MontyDecoder().decode(open(sys.argv[1]).read())
store = JobStore(MemoryStore())
run_locally(flow, store=store, create_folders=True, root_dir=sys.argv[2], raise_immediately=True)
print(json.dumps(flow.output.resolve(store).model_dump(mode="json")))
"""


def test_a_flow_runs_where_it_was_sent(
    small_home: Path, stand_in: StandIn, silicon: Structure, tmp_path: Path
) -> None:
    """As jobflow-remote does it: JSON, another process, the programs of the machine there."""
    command, log = stand_in()
    protocol = replace(PROTOCOLS["fast"], volume_tolerance=0.5)
    generator = PwInputGenerator(pseudo_family="small", protocol=protocol)
    relaxing = replace(generator, calculation="vc-relax")
    maker = ByOccupationsMaker(
        first_maker=StaticMaker(input_set_generator=generator),
        then_maker=SettledRelaxStaticMaker(
            relax_maker=VcRelaxMaker(input_set_generator=relaxing),
            static_maker=StaticMaker(input_set_generator=generator),
        ),
    )
    sent = tmp_path / "flow.json"
    sent.write_text(json.dumps(maker.make(silicon.to_primitive()), cls=MontyEncoder))
    assert str(tmp_path) not in sent.read_text(), "no path of this machine goes along"
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(sent), str(tmp_path)],
        env={**os.environ, "DAO_PW_COMMAND": command, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = PwTaskDoc.model_validate_json(done.stdout.splitlines()[-1])
    assert document.task_label == "static"
    assert len(log.read_text().splitlines()) == 3


PHONONS = """
     freq (    1) =      -0.100000 [THz] =      -3.335641 [cm-1]
     freq (    2) =      -0.100000 [THz] =      -3.335641 [cm-1]
     freq (    3) =       0.100000 [THz] =       3.335641 [cm-1]
     freq (    4) =      -5.000000 [THz] =    -166.782048 [cm-1]
     freq (    5) =      15.463000 [THz] =     515.790161 [cm-1]
     freq (    6) =      15.463000 [THz] =     515.790161 [cm-1]
"""


def test_imaginary_phonons_are_flagged_and_translations_are_not(task: PwTaskDoc) -> None:
    document = phonon_document(PHONONS, task, Path("here"))
    assert document.unstable
    assert document.frequencies[0] == pytest.approx(-166.782048)
    stable = phonon_document(PHONONS.replace("-166.", " 166."), task, Path("here"))
    assert not stable.unstable


def test_a_cut_off_list_of_phonons_is_refused(task: PwTaskDoc) -> None:
    with pytest.raises(TruncatedOutputError, match="5 of 6 frequencies"):
        phonon_document(PHONONS.strip().rsplit("\n", 1)[0], task, Path("here"))


def test_recorded_phonons_of_silicon(shared: Path, task: PwTaskDoc) -> None:
    text = (shared / "qe_recorded" / "extras" / "ph.out").read_text()
    document = phonon_document(text, task, Path("here"))
    assert document.frequencies[3:] == pytest.approx([515.8] * 3, abs=0.1)
    assert not document.unstable
