"""One target of coverage-guided fuzzing: ``python guided.py TARGET FOLDER [options of libFuzzer]``.

The folder keeps the inputs that reached something new; it begins with one sound file. A typed error
is an answer, anything else ends the run with the input that caused it.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

with atheris.instrument_imports(
    include=["dao_core.crystal", "dao_core.search", "dft_inputs.qe", "stores.query", "qeschema"]
):
    from dao_core.crystal.reading import read_structures
    from dao_core.errors import DaoError
    from dao_core.search.target import parse_target
    from dft_inputs.level import LevelOfTheory
    from dft_inputs.qe.schemas.task import PwTaskDoc
    from stores.documents import StructureDocument
    from stores.query import parse_query

QE_72 = Path(__file__).parents[1] / "dft_inputs" / "data" / "qe72_si_vc_relax"
LEVEL = LevelOfTheory(
    code="quantum-espresso", version="7.2", functional="pbe", protocol="fast",
    pseudo_family="x", pseudo_md5={"Si": "aa"}, settings={},
)  # fmt: skip
SALT = Structure(Lattice.cubic(4.0), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
Target = tuple[Callable[[bytes], object], bytes]
"""What takes an input, and a sound one."""


def pw_run(work: Path, damaged: str) -> Target:
    """Output of pw.x, one of its files damaged."""
    files = {
        "pw.in": (QE_72 / "pw.in").read_bytes(),
        "pw.out": gzip.decompress((QE_72 / "pw.out.gz").read_bytes()),
        "out/pwscf.xml": gzip.decompress((QE_72 / "pwscf.xml.gz").read_bytes()),
    }
    (work / "out").mkdir()
    for name, content in files.items():
        (work / name).write_bytes(content)

    def read(content: bytes) -> object:
        (work / damaged).write_bytes(content)
        return PwTaskDoc.from_directory(work, LEVEL)

    return read, files[damaged]


def structure_file(work: Path, name: str, sound: str) -> Target:
    """A structure file."""

    def read(content: bytes) -> object:
        (work / name).write_bytes(content)
        return read_structures([work / name])

    return read, sound.encode()


def target(name: str, work: Path) -> Target:
    """The target of a name, with a folder to write into."""
    match name:
        case "pw-output":
            return pw_run(work, "pw.out")
        case "pw-input":
            return pw_run(work, "pw.in")
        case "pw-xml":
            return pw_run(work, "out/pwscf.xml")
        case "cif":
            return structure_file(work, "a.cif", str(CifWriter(SALT)))
        case "poscar":
            return structure_file(work, "POSCAR", SALT.to(fmt="poscar"))
        case "filter":
            sound = b"chemsys=Mg-O e_above_hull<0.05"
            return lambda text: parse_query(text.decode(errors="replace"), StructureDocument), sound
        case "formula":
            sound = b"Mg3(BO3)2"
            return lambda text: parse_target(text.decode(errors="replace").split("\n")), sound
    raise ValueError(f"no target {name!r}")


def main() -> None:
    """Fuzz one target until libFuzzer's options say that it is enough."""
    name, folder = sys.argv.pop(1), Path(sys.argv[1])
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as work:
        read, sound = target(name, Path(work))
        folder.mkdir(exist_ok=True)
        (folder / "sound").write_bytes(sound)

        def one_input(content: bytes) -> None:
            try:
                read(content)
            except DaoError:
                return

        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
