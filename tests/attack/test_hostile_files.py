"""Files that are made to harm: nothing outside is written, no code runs, no memory is filled."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import lzma
import pickle
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dao_core.errors import CheckpointError, DaoError, InputError
from dao_core.potentials import load_potential
from dft_inputs.pseudos import install_family, sources, upf
from flows.cli.app import main
from stores.ingest import open_source, records

UPF = b'<UPF version="2.0.1"><PP_HEADER element="Si" z_valence="4" pseudo_type="NC"/>'


class Harm:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self) -> Any:
        return subprocess.run, (["touch", "harm"],)


@pytest.mark.parametrize("name", ["evil.safetensors", "evil.ckpt", "evil.pt"])
def test_a_pickle_as_a_model_is_refused_and_never_opened(
    file: Callable[..., Path], name: str
) -> None:
    path = file(name, pickle.dumps(Harm()))
    with pytest.raises((CheckpointError, InputError, FileNotFoundError)):
        load_potential(f"dao-p:{path}")
    for words in (["models", "import", str(path)], ["predict", str(path)]):
        assert main(words) in {2, 3, 4}
    assert not Path("harm").exists()  # nor anything else: see the fixture nothing_written


def _tar(path: Path, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(UPF), "/etc/passwd"
        archive.addfile(member, io.BytesIO(UPF))


@pytest.mark.parametrize("name", ["../../escaped.upf", "{}/escaped.upf", "a/../../../escaped.upf"])
@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_an_archive_writes_nothing_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    archive, scratch = tmp_path / f"family.{kind}", tmp_path / "a" / "b" / "c"
    scratch.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    name = name.format(tmp_path)
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(name, UPF)
    else:
        _tar(archive, name)
    before = set(tmp_path.rglob("*"))
    with contextlib.suppress(DaoError), sources.open_source(str(archive)) as found:
        inside = [path for path in tmp_path.rglob("*.upf") if path.is_relative_to(scratch)]
        assert sorted(inside) == sorted(found)
        assert not (tmp_path / "escaped.upf").exists()
    assert set(tmp_path.rglob("*")) == before


def test_a_link_in_an_archive_leads_nowhere(tmp_path: Path) -> None:
    _tar(tmp_path / "family.tar.gz", "Si.upf", tarfile.SYMTYPE)
    with pytest.raises(DaoError, match="no UPF file"):
        install_family(source=str(tmp_path / "family.tar.gz"), root=tmp_path / "pseudos")


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = bytes(5_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Si.upf", zeros)
    monkeypatch.setattr(sources, "LARGEST_FAMILY", 1_000_000)
    with pytest.raises(DaoError, match="no family is so large"):
        install_family(source=str(tmp_path / "bomb.zip"), root=tmp_path / "pseudos")
    monkeypatch.setattr(upf, "LARGEST_FILE", 1_000_000)
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress)):
        path = tmp_path / f"Si.upf{suffix}"
        path.write_bytes(pack(zeros))
        with pytest.raises(DaoError, match="no UPF file"):
            upf.read_upf(path)
        path.write_bytes(pack(zeros)[:100])
        with pytest.raises(DaoError, match="cannot be decompressed"):
            upf.read_upf(path)
    monkeypatch.setattr(records, "LARGEST", 1_000_000)
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 5_000_000))
    with pytest.raises(InputError, match="split it"):
        open_source(str(tmp_path / "bomb.json.gz"))


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "a\x00b", "=cmd|' /C calc'!A0", "x" * 5000]
)
def test_ids_are_keys_and_no_paths(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAO_STORE", "memory://")
    for words in (["report", name], ["explain", name], ["models", "show", name],
                  ["models", "rollback", name], ["store", "query", "--in", name]):  # fmt: skip
        assert main([*words, "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["exit_code"] == 2
