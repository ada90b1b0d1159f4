"""What the header of a UPF file says: element, functional, kind, valence."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field
from pymatgen.core import Element

from dao_core.errors import InputError

LARGEST_FILE = 200_000_000
"""Bytes; real ones have at most a few MB."""
SUFFIXES = (".upf", ".upf.xz", ".upf.gz")


class UpfHeader(BaseModel):
    """Header of one pseudopotential."""

    element: str
    z_valence: float = Field(description="Number of valence electrons")
    kind: str = Field(description="NC, USPP or PAW")
    functional: str


def is_upf(name: str) -> bool:
    """Whether a file name is that of a UPF file, plain or compressed."""
    return name.lower().endswith(SUFFIXES)


def read_upf(path: Path) -> bytes:
    """Content of a UPF file, decompressed.

    Args:
        path: File, plain, ``.xz`` or ``.gz``.

    Returns:
        The content.

    Raises:
        InputError: If it cannot be decompressed, or to more than any UPF file has.
    """
    openers: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open}
    try:
        with openers.get(path.suffix.lower(), open)(path, "rb") as file:
            content = bytes(file.read(LARGEST_FILE + 1))
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path.name} cannot be decompressed ({error}); fetch it again."
        ) from error
    if len(content) > LARGEST_FILE:
        raise InputError(f"{path.name} holds more than {LARGEST_FILE / 1e6:.0f} MB: no UPF file.")
    return content


def md5(content: bytes) -> str:
    """md5 of a content, as pseudopotential libraries publish it (identity, not security)."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def parse_upf_header(content: bytes, name: str) -> UpfHeader:
    """Header of a UPF file of version 1 or 2.

    Args:
        content: The file.
        name: Its name, for the error.

    Returns:
        The header.

    Raises:
        InputError: If there is no header or it names no element.
    """
    text = content.decode("utf-8", errors="replace")
    start = text.find("<PP_HEADER")
    if start < 0:
        raise InputError(f"{name} is not a UPF file: it has no PP_HEADER.")
    end = text.find("<PP_MESH", start)
    header = text[start : end if end > 0 else start + 4000]
    fields = _attributes(header) if 'element="' in header else _version_one(header)
    element = fields.get("element", "").strip().capitalize()
    if not Element.is_valid_symbol(element):
        raise InputError(f"{name} has a UPF header that names no element (found '{element}').")
    try:
        z_valence = float(fields["z_valence"].replace("D", "E"))
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{name} has a UPF header without a number of valence electrons."
        ) from error
    kind = {"NC": "NC", "SL": "NC", "US": "USPP", "USPP": "USPP", "PAW": "PAW"}
    return UpfHeader(
        element=element,
        z_valence=z_valence,
        kind=kind.get(fields.get("pseudo_type", "NC").strip().upper(), "NC"),
        functional=_functional(fields.get("functional", "")),
    )


def _attributes(header: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


def _version_one(header: str) -> dict[str, str]:
    patterns = {
        "element": r"^\s*([A-Z][a-z]?)\s+Element",
        "pseudo_type": r"^\s*(\w+)\s+(?:Ultrasoft|Norm|PAW|US)",
        "functional": r"^\s*(.+?)\s+(?:\w+\s+)?Exchange-Correlation",
        "z_valence": r"^\s*([\d.EeDd+-]+)\s+Z valence",
    }
    found = {name: re.search(p, header, re.MULTILINE) for name, p in patterns.items()}
    return {name: match.group(1) for name, match in found.items() if match}


def _functional(text: str) -> str:
    """Short lower-case name: QE writes PBE both as ``PBE`` and as its four components."""
    words = text.upper().split()
    known: dict[tuple[str, ...], str] = {
        ("SLA", "PW", "PBX", "PBC"): "pbe",
        ("SLA", "PW", "PBE", "PBE"): "pbe",
        ("SLA", "PW", "PSX", "PSC"): "pbesol",
        ("SLA", "PZ", "NOGX", "NOGC"): "lda",
    }
    return known.get(tuple(words[:4]), "-".join(words).lower())
