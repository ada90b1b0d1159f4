"""Content hashes: what ids, fingerprints and checksums are made of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def text_hash(text: str, digits: int = 20) -> str:
    """The first hexadecimal digits of the SHA-256 of a text in UTF-8.

    Args:
        text: What is hashed.
        digits: How many of the 64 digits are wanted.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def content_hash(content: Any, digits: int = 20) -> str:
    """Hash of plain data that does not depend on the order of keys.

    Args:
        content: Mappings, lists, texts, finite numbers, booleans and None.
        digits: How many hexadecimal digits are wanted.

    Raises:
        TypeError: Something in it is not plain JSON.
        ValueError: A number is not finite.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text_hash(text, digits)


def content_id(kind: str, content: Any) -> str:
    """A short id that follows from content alone: ``<kind>-`` and 20 hexadecimal digits.

    Args:
        kind: One letter or word that tells ids of different things apart.
        content: Plain data, as for :func:`content_hash`.

    Raises:
        TypeError: Something in it is not plain JSON.
        ValueError: A number is not finite.
    """
    return f"{kind}-{content_hash(content)}"


def file_hash(path: Path, digits: int = 64) -> str:
    """The first hexadecimal digits of the SHA-256 of a file; it is not read into memory as a whole.

    Args:
        path: A file.
        digits: How many of the 64 digits are wanted.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:digits]
