"""Crystals, pseudopotential families, recorded runs and a stand-in pw.x."""

from __future__ import annotations

import gzip
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp import Chgcar, Elfcar

from dft_inputs.electrons.grid import Grid, read_cube
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import PROTOCOLS, Protocol
from dft_inputs.pseudos import PseudoFamily, Pseudopotential, install_family
from dft_inputs.running.folder import CalculationResult

DATA = Path(__file__).parent / "data"

STAND_IN = """#!{python}
import gzip, pathlib, re, sys, time
BOHR = 0.529177210903
def rows(text, title, number, skip=0):
    body = text.split(title, 1)[1].splitlines()[1 : 1 + number]
    return [[float(x) for x in line.split()[skip:skip + 3]] for line in body]
def answered(xml, asked):
    "The recorded input, with what was asked for in its place."
    def put(tag, value):
        nonlocal head
        head = re.sub(f"(<{{tag}}[^>]*>)[^<]*<", lambda m: m[1] + str(value) + "<", head)
    def number(name, default=0.0):
        found = re.search(rf"^ *{{name}} *= *([-+.\\deE]+)", asked, re.M)
        return float(found[1]) if found else default
    start, end = xml.index("<input>"), xml.index("</input>")
    head = xml[start:end]
    put("calculation", re.search("calculation *= *'(.*?)'", asked)[1])
    put("ecutwfc", number("ecutwfc") / 2)
    put("ecutrho", number("ecutrho") / 2)
    put("lsda", "true" if number("nspin", 1) == 2 else "false")
    put("gamma_only", "true" if "K_POINTS gamma" in asked else "false")
    cell = rows(asked, "CELL_PARAMETERS", 3)
    for tag, row in zip(("a1", "a2", "a3"), cell):
        put(tag, " ".join(str(x / BOHR) for x in row))
    for index, place in enumerate(rows(asked, "ATOMIC_POSITIONS", 2, 1), start=1):
        at = [sum(f * row[k] for f, row in zip(place, cell)) / BOHR for k in range(3)]
        put(f'atom name="Si" index="{{index}}"', " ".join(map(str, at)))
    if "automatic" in asked:
        mesh = asked.split("automatic")[1].split()[:6]
        names = ("nk1", "nk2", "nk3", "k1", "k2", "k3")
        new = " ".join(f'{{name}}="{{n}}"' for name, n in zip(names, mesh))
        head = re.sub("<monkhorst_pack[^>]*>", f"<monkhorst_pack {{new}}>", head)
    return xml[:start] + head + xml[end:]
data = pathlib.Path({data!r})
if "-in" not in sys.argv:
    print("     Program PWSCF v.7.2 starts")
    sys.exit(1)
with open({log!r}, "a") as log:
    log.write(str(pathlib.Path.cwd()) + "\\n")
time.sleep({seconds})
out = pathlib.Path("out/pwscf.save")
out.mkdir(parents=True, exist_ok=True)
xml = gzip.decompress((data / "pwscf.xml.gz").read_bytes()).decode()
asked = pathlib.Path("pw.in").read_text()
pathlib.Path("out/pwscf.xml").write_text(answered(xml, asked) if {honest} else xml)
sys.stdout.write(gzip.decompress((data / "pw.out.gz").read_bytes()).decode())
"""


@pytest.fixture
def silicon() -> Structure:
    return Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])


@pytest.fixture
def magnesia() -> Structure:
    lattice = Lattice.cubic(4.212)
    return Structure.from_spacegroup("Fm-3m", lattice, ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.fixture
def coarse() -> Protocol:
    """The fast protocol with few k-points."""
    return replace(PROTOCOLS["fast"], kpoint_distance=0.6)


@pytest.fixture
def level() -> LevelOfTheory:
    return LevelOfTheory(
        code="quantum-espresso",
        version="6.7",
        functional="pbe",
        protocol="fast",
        pseudo_family="dojo",
        pseudo_md5={"Mg": "aa", "O": "bb"},
        settings={"ecutwfc": 76.0, "kpoint_distance": 0.3},
    )


def small_family(folder: Path, elements: dict[str, float]) -> PseudoFamily:
    """Write a family of empty files, enough to make inputs: element -> valence electrons."""
    folder.mkdir(parents=True)
    family = PseudoFamily(
        name=folder.name,
        functional="pbe",
        source="test",
        folder=folder,
        pseudopotentials={
            element: Pseudopotential(
                element=element,
                file=f"{element}.upf",
                md5=f"md5-{element}",
                kind="NC",
                z_valence=valence,
                ecutwfc=(20.0 + valence, 30.0 + valence, 40.0 + valence),
                dual=4.0,
            )
            for element, valence in elements.items()
        },
    )
    family.write()
    return family


@pytest.fixture
def small_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``DAO_HOME`` with the family ``small`` and pw.x 6.7, without either being real."""
    home = tmp_path / "home"
    small_family(
        home / "pseudos" / "small", {"Si": 4, "Mg": 10, "O": 6, "Fe": 16, "Ni": 18, "Al": 3}
    )
    monkeypatch.setenv("DAO_HOME", str(home))
    monkeypatch.setattr("dft_inputs.qe.sets.pw_version", lambda command: (6, 7))
    return home


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., tuple[str, Path]]:
    """Makes a program that answers every input on silicon with one recorded run of pw.x 7.2.

    Its XML file says that it did what was asked for, unless it is not to be honest. Returns its
    command and the log of the folders in which it ran.
    """

    def make(seconds: float = 0.0, *, honest: bool = True) -> tuple[str, Path]:
        program, log = tmp_path / "stand-in" / "pw.x", tmp_path / "stand-in" / "log"
        program.parent.mkdir(exist_ok=True)
        data = str(DATA / "qe72_si_vc_relax")
        program.write_text(
            STAND_IN.format(
                python=sys.executable, data=data, log=str(log), seconds=seconds, honest=honest
            )
        )
        program.chmod(0o755)
        log.touch()
        return str(program), log

    return make


@pytest.fixture
def recorded_72(tmp_path: Path) -> Path:
    """Folder of a recorded vc-relax of Si by pw.x 7.2."""
    source, folder = DATA / "qe72_si_vc_relax", tmp_path / "recorded"
    (folder / "out").mkdir(parents=True)
    shutil.copy(source / "pw.in", folder / "pw.in")
    (folder / "pw.out").write_bytes(gzip.decompress((source / "pw.out.gz").read_bytes()))
    (folder / "out" / "pwscf.xml").write_bytes(
        gzip.decompress((source / "pwscf.xml.gz").read_bytes())
    )
    return folder


@pytest.fixture
def recorded_67(shared: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes the folder of a run recorded with pw.x 6.7, by name."""

    def make(name: str) -> Path:
        source, folder = shared / "qe_recorded" / name, tmp_path / name
        (folder / "out").mkdir(parents=True)
        shutil.copy(source / "pw.in", folder / "pw.in")
        shutil.copy(source / "pw2.out", folder / "pw.out")
        shutil.copy(next(source.glob("*.xml")), folder / "out" / "pwscf.xml")
        return folder

    return make


@pytest.fixture(scope="session")
def dojo_home(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``DAO_HOME`` with PseudoDojo installed."""
    home = tmp_path_factory.mktemp("dao-home")
    source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard"
    install_family(source=str(source), root=home / "pseudos")
    return home


@pytest.fixture
def real_pw(dojo_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Command of the real pw.x, with PseudoDojo installed; skips where there is none."""
    if shutil.which("pw.x") is None:
        pytest.skip("pw.x is not on the PATH (apt-get install quantum-espresso)")
    monkeypatch.setenv("DAO_HOME", str(dojo_home))
    return "pw.x"


@pytest.fixture(scope="session")
def pp_grids() -> Callable[[CalculationResult], tuple[Grid, Grid, Grid]]:
    """ELF, density and states near the top that pp.x left of an electronic interpretation."""

    def read(result: CalculationResult) -> tuple[Grid, Grid, Grid]:
        assert result.electrons is not None
        folder, crystal = Path(result.electrons["dir_name"]), result.structure
        return (
            read_cube(folder / "elf.cube", crystal),
            read_cube(folder / "density.cube", crystal, density=True),
            read_cube(folder / "top_states.cube", crystal, density=True),
        )

    return read


@pytest.fixture(scope="session")
def write_vasp_grids() -> Callable[[Grid, Grid, Path], None]:
    """Write ELFCAR and CHGCAR as VASP does: two spins alike, the density times the volume."""

    def write(elf: Grid, density: Grid, folder: Path) -> None:
        alike = {"spin_up": elf.values, "spin_down": elf.values}
        Elfcar(elf.structure, alike).write_file(str(folder / "ELFCAR"))
        charge = {"total": density.values * density.structure.volume}
        Chgcar(density.structure, charge).write_file(str(folder / "CHGCAR"))

    return write
