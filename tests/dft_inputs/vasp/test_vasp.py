"""VASP by replaying recorded runs: through the real custodian, and through atomate2's fixture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from atomate2.utils.testing.vasp import monkeypatch_vasp
from atomate2.vasp.jobs.base import BaseVaspMaker
from emmet.core.tasks import TaskDoc
from jobflow import Flow, JobStore, run_locally
from maggma.stores import MemoryStore
from pymatgen.core import Structure
from pymatgen.io.vasp import Incar, Kpoints

from dao_core.errors import InputError, MissingError
from dao_core.hashing import text_hash
from dft_inputs.errors import ForeignOutputError
from dft_inputs.level import LevelOfTheory
from dft_inputs.method import Method
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.request import CalculationRequest
from dft_inputs.vasp.flow import result_of
from dft_inputs.vasp.level import level_for
from dft_inputs.vasp.makers import vasp_maker
from dft_inputs.vasp.potcar import potcar_folder, potcar_hashes

pytestmark = pytest.mark.filterwarnings("ignore")

STAND_IN = """#!{python}
import gzip, pathlib, re
mesh = pathlib.Path("KPOINTS").read_text().splitlines()[3].encode()
queue = pathlib.Path({queue!r})
first, *rest = queue.read_text().split()
queue.write_text(" ".join(rest))
for source in (pathlib.Path(first) / "outputs").iterdir():
    if source.name.split(".")[0] in ("INCAR", "KPOINTS", "POSCAR", "POTCAR", "custodian"):
        continue
    data = source.read_bytes()
    target = pathlib.Path(source.name.removesuffix(".gz"))
    data = gzip.decompress(data) if source.suffix == ".gz" else data
    # It did what was asked for: on a cell of another setting that is another mesh.
    target.write_bytes(re.sub(rb'(name="divisions">)[^<]*', rb"\\g<1>" + mesh, data))
"""

GGA = ("GGA_Relax_1", "GGA_Relax_2", "GGA_Static")
META = ("pbesol_pre_relax", "r2scan_relax", "r2scan_final_static")


def method(**settings: Any) -> Method:
    return Method(**{"code": "vasp", "protocol": "balanced", **settings})


def run(flow: Flow, folder: Path) -> tuple[TaskDoc, list[dict[str, Any]]]:
    """The document of the flow, and those of all its jobs."""
    store = JobStore(MemoryStore(), additional_stores={"data": MemoryStore()})
    run_locally(
        flow, store=store, create_folders=True, root_dir=folder, raise_immediately=True, log=False
    )
    output = flow.output.resolve(store)
    assert isinstance(output, TaskDoc)
    return output, [one["output"] for one in store.query({}, properties=["output"])]


def result(
    ended: tuple[TaskDoc, list[dict[str, Any]]], structure: Structure, potcar: str = "Si:x"
) -> CalculationResult:
    level = LevelOfTheory(
        code="vasp",
        version="any",
        functional="pbe",
        protocol="balanced",
        pseudo_family="mp-pbe",
        pseudo_md5={"Si": potcar},
        settings={},
    )
    return result_of(CalculationRequest(structure, Method(code="vasp"), ("Si",), level), *ended)


@pytest.fixture
def replay(shared: Path, tmp_path: Path) -> Callable[[str, tuple[str, ...]], tuple[str, Structure]]:
    """Makes a vasp_std that replays recorded runs one after the other."""

    def make(name: str, steps: tuple[str, ...]) -> tuple[str, Structure]:
        recorded = shared / "vasp_recorded" / name
        queue, program = tmp_path / "queue", tmp_path / "vasp_std"
        queue.write_text(" ".join(str(recorded / step) for step in steps))
        program.write_text(STAND_IN.format(python=sys.executable, queue=str(queue)))
        program.chmod(0o755)
        start = Structure.from_file(recorded / steps[0] / "inputs" / "POSCAR.gz")
        return str(program), start

    return make


def test_relaxation_through_the_real_custodian(
    replay: Callable[[str, tuple[str, ...]], tuple[str, Structure]], tmp_path: Path
) -> None:
    program, start = replay("Si_mp_gga_relax", GGA)
    maker = vasp_maker(method(command=program))
    kwargs = {
        "write_input_set_kwargs": {"potcar_spec": True},
        "run_vasp_kwargs": {
            "vasp_cmd": program,
            "vasp_gamma_cmd": program,
            "custodian_kwargs": {"polling_time_step": 0.1},
        },
    }
    flow = maker.update_kwargs(kwargs, class_filter=BaseVaspMaker).make(start)
    folder = tmp_path / "runs"
    folder.mkdir()
    done = result(run(flow, folder), start)
    assert (tmp_path / "queue").read_text() == ""
    assert done.formula == "Si"
    assert done.energy_per_atom == pytest.approx(-5.42, abs=0.03)
    assert done.steps == 4, "three of the first relaxation, one of the second"
    assert done.energy_before == pytest.approx(-10.839167 / 2)
    assert done.version.startswith(("5", "6"))
    assert done.code == "vasp"


@pytest.fixture
def recorded(shared: Path, tmp_path: Path) -> TaskDoc:
    """Document of the recorded static run of silicon, whose files are in ``tmp_path``."""
    source = shared / "vasp_recorded" / "Si_mp_gga_relax" / "GGA_Static" / "outputs"
    for file in source.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return TaskDoc.from_directory(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda task: task.orig_inputs.incar.update(ENCUT=400.0), "ENCUT 400.0 was asked for"),
        (lambda task: task.orig_inputs.incar.update(ISPIN=1), "ISPIN 1 was asked for"),
        (lambda task: task.orig_inputs.incar.update(NSW=99), "NSW 99 was asked for"),
        (lambda task: task.orig_inputs.structure.scale_lattice(50.0), "the cell"),
        (lambda task: task.output.structure.replace(0, "Ge"), "atoms"),
        (lambda task: task.output.structure.append("Si", [0.3, 0.4, 0.5]), "atoms"),
        (lambda task: setattr(task.orig_inputs, "kpoints", Kpoints.gamma_automatic((5, 5, 5))),
         r"k-points \(5.0, 5.0, 5.0,"),
        (lambda task: setattr(task.orig_inputs, "kpoints", Kpoints.gamma_automatic(
            (7, 7, 7), (0.5, 0.5, 0.5))), "k-points"),
        (lambda task: setattr(task.orig_inputs, "kpoints", Kpoints(
            "list", 1, Kpoints.supported_modes.Reciprocal, [[0, 0, 0]], kpts_weights=[1])),
         "k-points"),
        (lambda task: (setattr(task.orig_inputs, "kpoints", None),
                       task.orig_inputs.incar.update(KSPACING=0.3)), "KSPACING 0.3 was asked for"),
        (lambda task: setattr(task.calcs_reversed[-1].input.potcar_spec[0], "titel",
                              "PAW_PBE Si_sv 1Jan2000"), "the potentials"),
    ],
)  # fmt: skip
def test_output_of_another_calculation_is_no_result(
    recorded: TaskDoc, change: Callable[[TaskDoc], object], told: str
) -> None:
    start = recorded.input.structure.copy()
    assert result((recorded, []), start).formula == "Si"
    change(recorded)
    with pytest.raises(ForeignOutputError, match=told):
        result((recorded, []), start)


def test_k_points_that_custodian_has_changed_are_its_own(recorded: TaskDoc) -> None:
    start = recorded.input.structure.copy()
    recorded.orig_inputs.kpoints = Kpoints.gamma_automatic((5, 5, 5))
    change = {"dict": "KPOINTS", "action": {"_set": {"style": "Gamma"}}}
    recorded.custodian[0].corrections = [{"errors": ["rot_matrix"], "actions": [change]}]
    assert result((recorded, []), start).formula == "Si"


@pytest.mark.parametrize(
    ("title", "content", "told"),
    [
        ("PAW_PBE Si 05Jan2001", "of another release", "is not the one of the level"),
        ("PAW_PBE Si 01Jan1999", "of the level", "POTCAR has the potentials"),
        ("PAW_PBE Ge 05Jan2001", "of the level", "POTCAR has the potentials"),
    ],
)
def test_another_potcar_beside_the_run_is_refused(
    recorded: TaskDoc, tmp_path: Path, title: str, content: str, told: str
) -> None:
    start, own = recorded.input.structure.copy(), "   TITEL  = PAW_PBE Si 05Jan2001\nof the level\n"
    own += "End of Dataset\n"
    wanted = f"Si:{text_hash(own, 16)}"
    (tmp_path / "POTCAR").write_text(own)
    assert result((recorded, []), start, wanted).formula == "Si"
    (tmp_path / "POTCAR").write_text(
        own.replace("PAW_PBE Si 05Jan2001", title).replace("of the level", content)
    )
    with pytest.raises(ForeignOutputError, match=told):
        result((recorded, []), start, wanted)


@pytest.fixture
def mock_vasp(monkeypatch: pytest.MonkeyPatch, shared: Path) -> Iterator[Callable[..., None]]:
    yield from monkeypatch_vasp(monkeypatch, shared / "vasp_recorded")


def test_inputs_of_balanced_r2scan_are_those_of_the_materials_project(
    mock_vasp: Callable[..., None], shared: Path, tmp_path: Path
) -> None:
    names = ("MP pre-relax 1", "MP meta-GGA relax 2", "MP meta-GGA static")
    paths = {name: f"Si_mp_meta_gga_relax/{step}" for name, step in zip(names, META, strict=True)}
    # atomate2's fixture compares the inputs that are written with the recorded ones.
    checks = {name: {"incar_settings": ["NSW", "ISMEAR", "ENCUT"]} for name in names}
    mock_vasp(paths, checks)
    start = Structure.from_file(
        shared / "vasp_recorded" / "Si_mp_meta_gga_relax" / META[0] / "inputs" / "POSCAR.gz"
    )
    done = result(run(vasp_maker(method(functional="r2scan")).make(start), tmp_path), start)
    assert done.energy_per_atom == pytest.approx(-23.4, abs=0.2)


def incar(method: Method, structure: Structure) -> Incar:
    """Settings of a static run as atomate2 would write them."""
    maker = vasp_maker(replace(method, workflow="static"))
    assert isinstance(maker, BaseVaspMaker)
    return maker.input_set_generator.get_input_set(structure, potcar_spec=True).incar


def test_protocols_tighten_the_settings_of_the_materials_project(silicon: Structure) -> None:
    fast, balanced, stringent = (
        incar(method(protocol=name), silicon) for name in ("fast", "balanced", "stringent")
    )
    assert (fast["KSPACING"], stringent["KSPACING"]) == (0.30, 0.15)
    assert fast["EDIFF"] > stringent["EDIFF"]
    assert "KSPACING" not in balanced
    assert balanced["ENCUT"] == 520


def test_an_element_has_its_u_in_every_crystal_or_in_none(magnesia: Structure) -> None:
    oxide, metal = magnesia.copy(), magnesia.copy()
    oxide.replace_species({"Mg": "Fe"})
    metal.replace_species({"Mg": "Fe", "O": "Al"})
    for crystal in (oxide, metal):
        assert "LDAUU" not in incar(method(), crystal)
        with_u = incar(method(hubbard=True), crystal)
        assert with_u["LDAU"] is True
        assert sorted(with_u["LDAUU"]) == [0, 5.3]
        assert sorted(with_u["LDAUL"]) == [0, 2]
    with pytest.raises(InputError, match="r2SCAN needs none"):
        vasp_maker(method(functional="r2scan", hubbard=True))


def test_spin_and_pressure_are_those_of_the_method(silicon: Structure) -> None:
    assert incar(method(), silicon)["ISPIN"] == 2
    assert incar(method(spin=False), silicon)["ISPIN"] == 1
    jobs = [job for job, _ in vasp_maker(method(pressure=3.0)).make(silicon).iterflow()]
    *relaxations, static = [job.maker.input_set_generator.user_incar_settings for job in jobs]
    assert [settings["PSTRESS"] for settings in relaxations] == [30.0, 30.0]
    assert "PSTRESS" not in static


def test_unknown_combinations_are_refused() -> None:
    with pytest.raises(InputError, match="no VASP protocol"):
        vasp_maker(method(functional="pbe0"))
    with pytest.raises(InputError, match="no protocol"):
        vasp_maker(method(protocol="sloppy"))


def test_flow_can_be_sent_elsewhere(silicon: Structure) -> None:
    flow = vasp_maker(method(protocol="fast")).make(silicon)
    copy = Flow.from_dict(flow.as_dict())
    assert [job.name for job, _ in copy.iterflow()] == [job.name for job, _ in flow.iterflow()]


def test_missing_potcars_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dft_inputs.vasp.potcar.SETTINGS", {})
    with pytest.raises(MissingError, match=r"PMG_VASP_PSP_DIR is not set.*pmg config"):
        potcar_folder()
    absent = str(tmp_path / "absent")
    monkeypatch.setattr("dft_inputs.vasp.potcar.SETTINGS", {"PMG_VASP_PSP_DIR": absent})
    with pytest.raises(MissingError, match="absent, which is no folder"):
        level_for(method(), ["Si"], ["Si"])
    monkeypatch.setattr("dft_inputs.vasp.potcar.SETTINGS", {"PMG_VASP_PSP_DIR": str(tmp_path)})
    with pytest.raises(MissingError, match="no POTCAR for Xx"):
        potcar_hashes(["Xx"], {"Si": "Si"}, "PBE")
