"""Orders of documents: in SQL where SQL can say them, else in Python, the same way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from maggma.core import Sort
from pydash import get

from stores.sqlite.criteria import extract, is_plain

SortOrder = Mapping[str, Sort | int]


def order_by(sort: SortOrder | None, *, has_conditions: bool) -> tuple[str, bool]:
    """An ``ORDER BY`` clause, and whether sorting must be done in Python instead."""
    if not sort:
        # The plus keeps SQLite from walking the whole table in order instead of using an index.
        return (" ORDER BY +seq" if has_conditions else " ORDER BY seq"), False
    if not all(is_plain(name) for name in sort):
        return "", True
    terms = [f"{extract(name)}{' DESC' if _descending(way) else ''}" for name, way in sort.items()]
    return f" ORDER BY {', '.join(terms)}, seq", False


def in_order(documents: Iterable[dict[str, Any]], sort: SortOrder) -> list[dict[str, Any]]:
    """Sort by dotted fields: missing values first, then numbers, then text, as SQLite does."""
    ordered = list(documents)
    for name, way in reversed(list(sort.items())):
        ordered.sort(key=lambda document: _rank(get(document, name)), reverse=_descending(way))
    return ordered


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)


def _descending(way: Sort | int) -> bool:
    return (way.value if isinstance(way, Sort) else way) < 0
