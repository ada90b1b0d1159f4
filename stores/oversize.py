"""Documents above MongoDB's 16 MB: their largest fields move to the blobs and come back."""

from __future__ import annotations

from typing import Any

from stores.blobs.base import BlobStore
from stores.encoding import decode, encode

LIMIT_BYTES = 15 * 2**20
"""Below MongoDB's 16 MB, with room for BSON's overhead; the same for every backend, so that a
store can move from one to another."""
REFERENCE = "$blob"


def spill_oversized(document: dict[str, Any], blobs: BlobStore) -> dict[str, Any]:
    """The document, its largest fields replaced by references until it is small enough.

    Raises:
        StoreError: the blobs could not be written.
    """
    if _is_surely_small(document):
        return document
    sizes = {name: len(encode({name: value}).encode()) for name, value in document.items()}
    total = sum(sizes.values())
    slim = dict(document)
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= LIMIT_BYTES:
            break
        text = encode({"value": slim[name]})
        slim[name] = {REFERENCE: blobs.put(text.encode()), "bytes": sizes[name]}
        total -= sizes[name]
    return slim


def restore_oversized(document: dict[str, Any], blobs: BlobStore) -> dict[str, Any]:
    """The document with every reference replaced by what it stands for."""
    for name, value in document.items():
        if isinstance(value, dict) and REFERENCE in value:
            document[name] = decode(blobs.get(value[REFERENCE]).decode())["value"]
    return document


def _is_surely_small(document: dict[str, Any]) -> bool:
    """Whether no field can be big, judged without writing the JSON: most documents are small."""
    return _elements(document, 50_000) > 0


def _elements(value: Any, budget: int) -> int:
    """What is left of a budget after counting elements, and 20 characters of text as one."""
    if budget <= 0:
        return 0
    if isinstance(value, str):
        return budget - 1 - len(value) // 20
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return budget - 1
    for item in value:
        budget = _elements(item, budget)
        if budget <= 0:
            return 0
    return budget
