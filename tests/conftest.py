"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dft_inputs.pseudos import PseudoFamily, Pseudopotential

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
# A shell that starts the tests in the background has them ignore SIGINT, and so their children.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Prefect reads this when it is imported: the user's own database stays untouched.
PREFECT_HOME = tempfile.TemporaryDirectory(prefix="dao-prefect-", ignore_cleanup_errors=True)
os.environ.setdefault("PREFECT_HOME", PREFECT_HOME.name)

RECORDED = Path(__file__).parent / "dft_inputs" / "data" / "qe72_si_vc_relax"
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
while time.process_time() < {busy}:
    pass
out = pathlib.Path("out/pwscf.save")
out.mkdir(parents=True, exist_ok=True)
xml = gzip.decompress((data / "pwscf.xml.gz").read_bytes()).decode()
asked = pathlib.Path("pw.in").read_text()
pathlib.Path("out/pwscf.xml").write_text(answered(xml, asked) if {honest} else xml)
sys.stdout.write(gzip.decompress((data / "pw.out.gz").read_bytes()).decode())
"""


@pytest.fixture(autouse=True)
def no_default_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that the command line names for its process ends with the test that named it."""
    monkeypatch.setenv("DAO_STORE", "")  # what is set here is put back, set or not, at the end
    monkeypatch.delenv("DAO_STORE")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data that ``DAO_SHARED`` names; without it the test is skipped."""
    folder = os.environ.get("DAO_SHARED")
    if not folder or not Path(folder).is_dir():
        pytest.skip("DAO_SHARED does not name the folder of development data")
    return Path(folder)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many processes a test of ``make torture`` kills."""
    return int(os.environ.get("DAO_TORTURE_ROUNDS", "50"))


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

    It takes ``seconds``, then ``busy`` seconds of CPU time. Its XML file says that it did what was
    asked for, unless it is not to be honest. Returns its command and the log of the folders in
    which it ran.
    """

    def make(seconds: float = 0.0, busy: float = 0.0, *, honest: bool = True) -> tuple[str, Path]:
        program, log = tmp_path / "stand-in" / "pw.x", tmp_path / "stand-in" / "log"
        program.parent.mkdir(exist_ok=True)
        given = {"python": sys.executable, "data": str(RECORDED), "log": str(log)}
        program.write_text(STAND_IN.format(**given, seconds=seconds, busy=busy, honest=honest))
        program.chmod(0o755)
        log.touch()
        return str(program), log

    return make
