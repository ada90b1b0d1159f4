"""A validation by VASP from end to end: own process, real custodian, recorded runs, no licence."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Structure

from dft_inputs.vasp.geometry import last_geometry

POTCAR = """Stand-in for silicon, of no use to VASP
4.0
parameters from PSCTR are:
   VRHFIN =Si: none
   LEXCH  = PE
   TITEL  = PAW_PBE Si 05Jan2001
   LPAW   = T    paw PP
   POMASS = 28.085; ZVAL   = 4.000
   ENMAX  = 245.000; ENMIN  = 184.000 eV
END of PSCTR-controll parameters
 no potential 1.0 2.0 3.0
End of Dataset
"""
STAND_IN = """#!{python}
import gzip, pathlib
for source in pathlib.Path({recorded!r}).iterdir():
    if source.name.split(".")[0] in ("INCAR", "KPOINTS", "POSCAR", "POTCAR", "custodian"):
        continue
    data = source.read_bytes()
    target = pathlib.Path(source.name.removesuffix(".gz"))
    data = gzip.decompress(data) if source.suffix == ".gz" else data
    # The recorded run had a mesh of the same density; the output repeats what was asked for.
    target.write_bytes(data.replace(b"<incar>", b'<incar><i name="KSPACING"> 0.30 </i>'))
"""
DRIVER = """
import json, sys
from pathlib import Path
from pymatgen.core import Structure
from dft_inputs.method import Method
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate
method = Method(code="vasp", protocol="fast", workflow=sys.argv[3])
structure = Structure.from_file(sys.argv[1])
limits = Limits(cores=1, walltime=float(sys.argv[4]))
report = validate({"si": structure}, method, limits, root=Path(sys.argv[2]))
print(report.model_dump_json())
"""


@pytest.fixture
def start(shared: Path, tmp_path: Path) -> Path:
    """POSCAR of the recorded static run."""
    source = shared / "vasp_recorded" / "Si_mp_gga_relax" / "GGA_Static" / "inputs" / "POSCAR.gz"
    (tmp_path / "POSCAR").write_bytes(gzip.decompress(source.read_bytes()))
    return tmp_path / "POSCAR"


@pytest.fixture
def environment(shared: Path, tmp_path: Path) -> dict[str, str]:
    """Stand-ins of POTCARs and of VASP, which replays the recorded static run."""
    potcar = tmp_path / "potcars" / "POT_GGA_PAW_PBE" / "Si" / "POTCAR"
    potcar.parent.mkdir(parents=True)
    potcar.write_text(POTCAR)
    program = tmp_path / "vasp_std"
    recorded = shared / "vasp_recorded" / "Si_mp_gga_relax" / "GGA_Static" / "outputs"
    program.write_text(STAND_IN.format(python=sys.executable, recorded=str(recorded)))
    program.chmod(0o755)
    return {
        **os.environ,
        "PMG_VASP_PSP_DIR": str(tmp_path / "potcars"),
        "DAO_VASP_COMMAND": str(program),
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONWARNINGS": "ignore",
    }


def validated(
    start: Path, environment: dict[str, str], workflow: str, walltime: float = 600
) -> dict[str, Any]:
    root = start.parent / "runs"
    words = [sys.executable, "-c", DRIVER, str(start), str(root), workflow, str(walltime)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (validation,) = json.loads(done.stdout.splitlines()[-1])["validations"]
    return validation


@pytest.mark.timeout(900)
def test_static_run_is_computed_once_ever(start: Path, environment: dict[str, str]) -> None:
    first = validated(start, environment, "static")
    assert first["state"] == "done", first["message"]
    assert first["calculation_level"].startswith("vasp-pbe-mp-pbe-fast@")
    assert first["result"]["energy_per_atom"] == pytest.approx(-5.42, abs=0.03)
    assert first["core_hours"] > 0
    again = validated(start, {**environment, "DAO_VASP_COMMAND": "/bin/false"}, "static")
    assert again["reused"]
    assert again["core_hours"] == first["core_hours"]


@pytest.mark.timeout(900)
def test_electrons_are_those_of_a_static_run(start: Path, environment: dict[str, str]) -> None:
    found = validated(start, environment, "electrons")
    assert found["state"] == "done", found["message"]
    electrons = found["result"]["electrons"]
    assert electrons["band_gap"] == pytest.approx(0.613, abs=0.001)
    assert electrons["states"]["projected"].keys() == {"Si s", "Si p", "Si d"}
    (incar,) = start.parent.glob("runs/*/*/*/INCAR.gz")
    text = gzip.decompress(incar.read_bytes()).decode()
    for line in ("NEDOS = 3001", "LELF = True", "NPAR = 1", "LAECHG = True", "LWAVE = True"):
        assert line in text


@pytest.mark.timeout(900)
def test_a_run_that_dies_is_a_failure_with_a_reason_and_goes_on_from_its_geometry(
    start: Path, environment: dict[str, str]
) -> None:
    program = Path(environment["DAO_VASP_COMMAND"])
    whole = program.read_text()
    moved = Structure.from_file(start)
    moved.scale_lattice(moved.volume * 1.02)
    moved.to(filename=str(start.parent / "CONTCAR"), fmt="poscar")
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"shutil.copy({str(start.parent / 'CONTCAR')!r}, 'CONTCAR')\nsys.exit(1)\n"
    )
    failed = validated(start, environment, "relax")
    assert failed["state"] == "failed"
    assert failed["reason"] == "calculation_failed"
    program.write_text(whole)
    validated(start, environment, "relax")
    inputs = sorted(start.parent.glob("runs/*/*/*/POSCAR*"), key=lambda path: path.stat().st_mtime)
    begun = [Structure.from_file(path).volume for path in inputs if ".orig" not in path.name]
    assert begun[0] == pytest.approx(moved.volume / 1.02, rel=1e-3)
    assert moved.volume in [pytest.approx(volume, rel=1e-3) for volume in begun[1:]]


@pytest.mark.timeout(900)
def test_a_hanging_run_is_ended_when_its_time_is_over(
    start: Path, environment: dict[str, str]
) -> None:
    Path(environment["DAO_VASP_COMMAND"]).write_text("#!/bin/sh\nsleep 600\n")
    failed = validated(start, environment, "static", walltime=3)
    assert (failed["state"], failed["reason"]) == ("failed", "walltime")
    assert failed["core_hours"] < 0.1


def test_a_geometry_cut_off_while_it_was_written_is_passed_over(start: Path) -> None:
    folder = start.parent / "calculation"
    for number, share in enumerate((1.0, 0.5, 0.0)):
        run = folder / f"job_{number}"
        run.mkdir(parents=True)
        text = start.read_text()
        (run / "CONTCAR").write_text(text[: int(len(text) * share)])
        os.utime(run / "CONTCAR", (number, number))
    found = last_geometry(folder)
    assert found is not None
    assert found.volume == pytest.approx(Structure.from_file(start).volume)
    shutil.rmtree(folder / "job_0")
    assert last_geometry(folder) is None
