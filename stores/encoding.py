"""JSON text of documents and back: dates and non-finite numbers survive, as in MongoDB's EJSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson
from monty.json import MSONable

from dao_core.errors import InputError

DATE_PREFIX = '{"$date":"'
"""How the JSON text of every date begins; dates of equal width sort as their text does."""

_SPECIAL = ('"$date"', '"$numberDouble"', "\\ud")
"""Marks of values, and of halves of letters (from file names), that orjson does not read."""


def encode(document: Mapping[str, Any]) -> str:
    """Compact JSON of a document.

    Dates become ``{"$date": "...Z"}`` in UTC with microseconds (naive ones are taken as UTC), NaN
    and infinities ``{"$numberDouble": "NaN"}``; numpy values and MSONable objects are converted.

    Raises:
        InputError: a value has no JSON form.
    """
    try:
        return _storable(_dumps(document))
    except ValueError:
        # Only non-finite numbers end here; the walk is slow, so it is not made for every document.
        return _storable(_dumps(_marked(document)))
    except TypeError as error:
        raise InputError(f"a document cannot be stored: {error}") from error


def decode(text: str) -> Any:
    """The value that :func:`encode` wrote."""
    if any(mark in text for mark in _SPECIAL):
        return json.loads(text, object_hook=_unmarked)
    return orjson.loads(text)


def date_text(moment: datetime) -> str:
    """UTC, microseconds, fixed width."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


def _dumps(value: Any) -> str:
    return json.dumps(
        value, default=_plain, allow_nan=False, ensure_ascii=False, separators=(",", ":")
    )


def _storable(text: str) -> str:
    """The text, with halves of letters (UTF-16 surrogates) escaped, which UTF-8 cannot hold."""
    if text.isascii():
        return text
    return "".join(f"\\u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in text)


def _plain(value: Any) -> Any:
    """What ``json`` does not know, as something it knows."""
    if isinstance(value, datetime):
        return {"$date": date_text(value)}
    if isinstance(value, MSONable):
        return value.as_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form; give plain values")


def _marked(value: Any) -> Any:
    """A copy in which non-finite floats are marked objects."""
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return {"$numberDouble": name}
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(item) for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    return _marked(_plain(value))


def _unmarked(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        if "$date" in value:
            return datetime.fromisoformat(value["$date"])
        if "$numberDouble" in value:
            return float(value["$numberDouble"].replace("Infinity", "inf"))
    return value
