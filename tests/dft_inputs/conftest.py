"""Crystals, pseudopotential families, recorded runs and a stand-in pw.x."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp import Chgcar, Elfcar

from dft_inputs.electrons.grid import Grid, read_cube
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import PROTOCOLS, Protocol
from dft_inputs.pseudos import install_family
from dft_inputs.running.folder import CalculationResult

DATA = Path(__file__).parent / "data"


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
