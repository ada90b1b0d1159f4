from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from dao_core.errors import InputError
from dft_inputs.pseudos.upf import md5, parse_upf_header, read_upf

VERSION_2 = b"""<UPF version="2.0.1">
<PP_HEADER generated="by hand" element="Si" pseudo_type="NC" functional="PBE" z_valence=" 4.00"/>
<PP_MESH>"""
VERSION_1 = b"""<PP_HEADER>
   0                   Version Number
  Na                   Element
   US                  Ultrasoft pseudopotential
    T                  Nonlinear Core Correction
 SLA  PW   PBX  PBC    PBE  Exchange-Correlation functional
    9.00000000000      Z valence
</PP_HEADER>
<PP_MESH>"""


def test_header_of_version_two() -> None:
    header = parse_upf_header(VERSION_2, "Si.upf")
    assert (header.element, header.z_valence, header.kind) == ("Si", 4.0, "NC")
    assert header.functional == "pbe"


def test_header_of_version_one() -> None:
    header = parse_upf_header(VERSION_1, "na.upf")
    assert (header.element, header.z_valence, header.kind) == ("Na", 9.0, "USPP")


@pytest.mark.parametrize(
    "content", [b"", b"not a upf", VERSION_2.replace(b'"Si"', b'"Xx"'), VERSION_2[:60]]
)
def test_what_is_no_pseudopotential_is_named(content: bytes) -> None:
    with pytest.raises(InputError, match=r"bad\.upf"):
        parse_upf_header(content, "bad.upf")


def test_compressed_files_have_the_checksum_of_their_content(tmp_path: Path) -> None:
    plain, xz, gz = tmp_path / "a.upf", tmp_path / "a.upf.xz", tmp_path / "a.upf.gz"
    plain.write_bytes(VERSION_2)
    xz.write_bytes(lzma.compress(VERSION_2))
    gz.write_bytes(gzip.compress(VERSION_2))
    assert len({md5(read_upf(path)) for path in (plain, xz, gz)}) == 1
