"""Files of others, damaged: a result or a typed error, nothing else, and no hang."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from dao_core.checkpoints.format import load_checkpoint, read_card, save_checkpoint
from dao_core.checkpoints.importer import import_released
from dao_core.checkpoints.torch_archive import read_torch_archive
from dao_core.crystal.reading import read_structures
from dft_inputs.level import LevelOfTheory
from dft_inputs.qe.geometry import last_geometry as last_qe_geometry
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.vasp.geometry import last_geometry as last_vasp_geometry
from stores import open_store
from stores.documents import EventDocument, StructureDocument, utc_now
from stores.ingest import open_source
from stores.maintenance import check, restore

pytestmark = pytest.mark.fuzz
fuzz = settings.get_profile("fuzz")
Call = Callable[..., Any]
QE_72 = Path(__file__).parents[1] / "dft_inputs" / "data" / "qe72_si_vc_relax"
ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
BULK = re.compile(rb"<(dos|eigenvalues)>.*?</\1>", re.DOTALL)
"""What makes most of a vasprun.xml, and is not read."""
CIF = str(CifWriter(ROCK_SALT.get_primitive_structure(), symprec=None)).encode()
RECORD = {
    "material_id": "x-1",
    "lattice": ROCK_SALT.lattice.matrix.tolist(),
    "atomic_numbers": list(ROCK_SALT.atomic_numbers),
    "frac_coords": ROCK_SALT.frac_coords.tolist(),
    "e_above_hull": 0.1,
}
EXTXYZ = b"""\
2
Lattice="0 2.1 2.1 2.1 0 2.1 2.1 2.1 0" Properties=species:S:1:pos:R:3:forces:R:3 energy=-12.5 pbc="T T T"
Mg 0.0 0.0 0.0 0.1 0.0 0.0
O 2.1 2.1 2.1 -0.1 0.0 0.0
"""  # noqa: E501


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.cif", CIF),
        ("POSCAR", ROCK_SALT.to(fmt="poscar").encode()),
        ("a.extxyz", EXTXYZ),
    ],
)
@fuzz
@given(data=st.data())
def test_structure_files(
    typed: Call, damaged: Call, file: Call, name: str, content: bytes, data: Any
) -> None:
    path = file(name, data.draw(damaged(content)))
    reading = read_structures([path])
    assert len(reading.structures) + len(reading.failures) >= 1
    assert all(failure.reason.strip() for failure in reading.failures)
    _read_entries(typed, str(path))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("POSCAR", b"x\n1\n4 0 0\n0 4 0\n0 0 4\nMg\n99999999999\ndirect\n0 0 0\n", "9 lines"),
        ("a.extxyz", EXTXYZ.replace(b"energy=", b"energy=energy="), "energy=-12.5"),
        ("a.extxyz", b"0\n", "not readable as xyz"),
        ("a.extxyz", EXTXYZ.replace(b"2\n", b"99999999999999\n", 1), "but 2 lines follow"),
        ("a.extxyz", EXTXYZ.replace(b"forces:R:3", b"forces:R:99999999999999"), "columns"),
        ("a.json", json.dumps([{**RECORD, "atomic_numbers": [12]}]).encode(), "len(species)=1"),
    ],
)  # fmt: skip
def test_what_fuzzing_has_found(file: Call, name: str, content: bytes, words: str) -> None:
    (entry,) = open_source(str(file(name, content))).entries(None)
    assert entry.structure is None
    assert words in str(entry.reason)


@pytest.fixture
def level() -> LevelOfTheory:
    return LevelOfTheory(
        code="quantum-espresso", version="7.2", functional="pbe", protocol="fast",
        pseudo_family="x", pseudo_md5={"Si": "aa"}, settings={},
    )  # fmt: skip


@pytest.mark.parametrize("broken", ["xml", "stdout", "input"])
@fuzz
@given(data=st.data())
def test_qe_outputs(
    typed: Call, damaged: Call, file: Call, level: LevelOfTheory, broken: str, data: Any
) -> None:
    parts = {
        "xml": gzip.decompress((QE_72 / "pwscf.xml.gz").read_bytes()),
        "stdout": gzip.decompress((QE_72 / "pw.out.gz").read_bytes()),
        "input": (QE_72 / "pw.in").read_bytes(),
    }
    parts[broken] = data.draw(damaged(parts[broken]))
    file("run/pw.in", parts["input"])
    xml = file("run/out/pwscf.xml", parts["xml"])
    folder = file("run/pw.out", parts["stdout"]).parent
    document = typed(PwTaskDoc.from_directory, folder, level)
    if not isinstance(document, Exception):
        assert document.energy is not None
        assert document.n_atoms == len(document.structure)
    typed(last_qe_geometry, folder.parent)
    if broken == "xml":
        _read_entries(typed, f"qe:{xml.parent}")


@fuzz
@given(data=st.data())
def test_vasp_outputs(typed: Call, damaged: Call, file: Call, shared: Path, data: Any) -> None:
    run = shared / "vasp_recorded" / "Si_double_relax" / "relax_2" / "outputs"
    content = BULK.sub(b"", gzip.decompress((run / "vasprun.xml.gz").read_bytes()))
    path = file("run/vasprun.xml", data.draw(damaged(content)))
    _read_entries(typed, f"vasp:{path.parent}")
    file("run/CONTCAR", data.draw(damaged(ROCK_SALT.to(fmt="poscar").encode())))
    typed(last_vasp_geometry, path.parent.parent)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "a.safetensors"
    tensors = {"w": torch.randn(4, 3), "n": torch.arange(3)}
    save_checkpoint(path, tensors, {"kind": "test", "config": {"width": 4}})
    return path.read_bytes()


@fuzz
@given(data=st.data())
def test_model_files(typed: Call, damaged: Call, file: Call, model_file: bytes, data: Any) -> None:
    path = file("a.safetensors", data.draw(damaged(model_file)))
    typed(read_card, path)
    typed(load_checkpoint, path, "test")


@pytest.fixture(scope="module")
def torch_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "a.ckpt"
    state = {f"decoder.w{n}": torch.randn(3, 2) for n in range(3)}
    torch.save({"state_dict": state, "epoch": 3, "hyper": {"lr": 1e-3}}, path)
    return path.read_bytes()


@fuzz
@given(data=st.data())
def test_torch_files(
    typed: Call, damaged: Call, file: Call, tmp_path: Path, torch_file: bytes, data: Any
) -> None:
    path = file("a.ckpt", data.draw(damaged(torch_file)))
    typed(read_torch_archive, path)
    assert isinstance(typed(import_released, path, tmp_path / "models"), Exception)
    assert not (tmp_path / "models").exists()


@pytest.fixture(scope="module")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("store")
    with open_store(folder) as store:
        store.put(StructureDocument.from_structure(ROCK_SALT))
        store.put([EventDocument(event_id=f"e{n}", kind="k", subject="s", happened=utc_now())
                   for n in range(20)])  # fmt: skip
    return (folder / "store.sqlite").read_bytes()


@fuzz
@given(data=st.data())
def test_store_files(typed: Call, damaged: Call, file: Call, store_file: bytes, data: Any) -> None:
    content = data.draw(damaged(store_file))
    path = file("store/store.sqlite", content)
    for left in path.parent.glob("store.sqlite-*"):
        left.unlink()
    typed(_read_all, path.parent)
    typed(restore, path.parent, "memory://")


def _read_all(folder: Path) -> int:
    """Documents of a store, all of them read, each of them checked."""
    with open_store(folder) as store:
        check(store)
        return sum(len(list(one.query())) for one in store.collections.values())


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "a.csv"])
@fuzz
@given(data=st.data())
def test_record_files(typed: Call, damaged: Call, file: Call, name: str, data: Any) -> None:
    line = json.dumps(RECORD).encode()
    content = {
        "a.json": b'{"meta": {"licence": "CC"}, "records": [' + line + b"]}",
        "a.jsonl": line + b"\n" + line,
        "a.json.gz": gzip.compress(b"[" + line + b"]", mtime=0),
        "a.csv": b'material_id,cif,heat_ref\nx,"' + CIF.replace(b'"', b"'") + b'",0.5\n',
    }[name]
    _read_entries(typed, str(file(name, data.draw(damaged(content)))))


def _read_entries(typed: Call, source: str) -> None:
    """Each entry has a structure or says why it has none."""
    entries = typed(lambda: list(open_source(source).entries(None)))
    for entry in [] if isinstance(entries, Exception) else entries:
        assert entry.structure is not None or entry.reason
