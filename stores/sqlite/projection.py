"""Inclusion projections of documents, as MongoDB's ``find`` makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def project(
    document: dict[str, Any], properties: Mapping[str, Any] | Sequence[str] | None
) -> dict[str, Any]:
    """The wanted fields of a document; dotted names reach into objects and arrays of objects.

    Args:
        document: decoded document.
        properties: names to keep, or ``{name: 1}``; ``{name: 0}`` removes top-level names;
            None or empty keeps everything.
    """
    if not properties:
        return document
    if isinstance(properties, Mapping):
        if not any(properties.values()):
            return {name: value for name, value in document.items() if name not in properties}
        properties = [name for name, wanted in properties.items() if wanted]
    kept: dict[str, Any] = {}
    for name in properties:
        _copy(document, kept, name.split("."))
    return kept


def _copy(source: dict[str, Any], target: dict[str, Any], path: list[str]) -> None:
    """Copy what lies at ``path`` from one nested object to another."""
    first, rest = path[0], path[1:]
    if first not in source:
        return
    value = source[first]
    if not rest:
        target[first] = value
    elif isinstance(value, dict):
        _copy(value, target.setdefault(first, {}), rest)
    elif isinstance(value, list):
        inner = [item for item in value if isinstance(item, dict)]
        kept = target.setdefault(first, [{} for _ in inner])
        for item, part in zip(inner, kept, strict=True):
            _copy(item, part, rest)
