"""The filter language of ``dao store query``: small, safe, and translated to MongoDB criteria.

``chemsys=Mg-O e_above_hull<0.05 space_group~^F`` are conditions joined by "and". A condition is a
field, an operator (``= != < <= > >= ~`` for regular expressions, ``:`` for "contains all of") and a
value; ``a|b`` lists alternatives. A text that begins with ``{`` is MongoDB JSON instead, of which
only operators that read are allowed. Fields of time take ISO dates (``last_updated>=2026-01-31``),
in UTC unless they say otherwise; in JSON, ``{"$date": "2026-01-31"}``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args

from pymongo.errors import OperationFailure

from dao_core.errors import InputError, did_you_mean
from dao_core.formula import canonical
from stores.documents import DOCUMENTS, Document
from stores.patterns import Pattern

ALIASES = {"e_above_hull": "energy_above_hull", "e_hull": "energy_above_hull",
           "spacegroup": "space_group", "natoms": "nsites", "system": "chemsys"}  # fmt: skip
OPERATORS = {"=": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
ALLOWED = frozenset(
    {
        "$all", "$and", "$elemMatch", "$eq", "$exists", "$gt", "$gte", "$in", "$lt", "$lte", "$ne",
        "$nin", "$nor", "$not", "$options", "$or", "$regex", "$size", "$type",
    }
)  # fmt: skip
"""No ``$where``, ``$function``, ``$expr``: a query reads fields and runs no code."""
_CONDITION = re.compile(
    r"(?P<field>[A-Za-z_][\w.]*)\s*(?P<operator>!=|<=|>=|=|<|>|~|:)(?P<value>.*)"
)
_MAX_DEPTH = 20
_LARGEST = 2**63 - 1
"""The largest whole number of SQLite and MongoDB."""


def parse_query(text: str, kind: type[Document]) -> dict[str, Any]:
    """MongoDB criteria for a query.

    Args:
        text: conditions, or MongoDB JSON.
        kind: class of the documents asked for; its fields are the ones that may be named.

    Raises:
        InputError: with the part that is wrong and what would be right.

    Example:
        >>> from stores.documents import ThermoDocument
        >>> parse_query("chemsys=O-Mg e_above_hull<0.05", ThermoDocument)
        {'chemsys': {'$eq': 'Mg-O'}, 'energy_above_hull': {'$lt': 0.05}}
    """
    if text.lstrip().startswith("{"):
        return _parse_json(text)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"query {text!r}: {error}") from error
    criteria: dict[str, dict[str, Any]] = {}
    for word in words:
        name, condition = _parse_condition(word, kind)
        clash = criteria.setdefault(name, {}).keys() & condition.keys()
        if clash:
            raise InputError(f"query: two conditions of the same kind on {name!r}; join with a|b")
        criteria[name].update(condition)
    return criteria


def answered(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The documents that a backend finds, its refusal of criteria told as a mistake of the query.

    Raises:
        InputError: the criteria mean nothing to the backend, such as ``$in`` without a list.
    """
    try:
        yield from found
    except (ArithmeticError, AttributeError, LookupError, TypeError, UnicodeError, re.error) as bad:
        raise InputError(f"query: it cannot be answered: {bad}") from bad
    except OperationFailure as error:
        raise InputError(f"query: it cannot be answered: {error}") from error


def collection_kind(name: str) -> type[Document]:
    """The document class of a collection.

    Raises:
        InputError: no such collection; the text lists those there are.
    """
    for kind in DOCUMENTS:
        if kind.collection == name:
            return kind
    known = sorted(kind.collection for kind in DOCUMENTS)
    hint = did_you_mean(name, known)
    raise InputError(f"no collection {name!r}; {hint}there are {', '.join(known)}")


def _parse_condition(word: str, kind: type[Document]) -> tuple[str, dict[str, Any]]:
    match = _CONDITION.fullmatch(word)
    if match is None:
        raise InputError(f"query: {word!r} is not field, operator and value, e.g. nsites<=8")
    name = ALIASES.get(match["field"], match["field"])
    if name.partition(".")[0] not in kind.model_fields:
        known = ", ".join(sorted(kind.model_fields))
        raise InputError(f"query: {kind.collection} have no field {name!r}; they have {known}")
    read = partial(_moment, name) if _is_moment(kind, name) else partial(_value, name)
    return name, _condition(name, match["operator"], match["value"].strip(), read)


def _is_moment(kind: type[Document], name: str) -> bool:
    """Whether a field holds a time, so that text compared with it must be one."""
    field = kind.model_fields.get(name)
    return field is not None and datetime in {field.annotation, *get_args(field.annotation)}


def _moment(name: str, text: str) -> datetime | None:
    """A time from ISO 8601, in UTC where it names no zone.

    Raises:
        InputError: it is not one.
    """
    if text.lower() in {"none", "null"}:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"query: {name} takes a date such as 2026-01-31, not {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _condition(name: str, operator: str, value: str, read: Callable[[str], Any]) -> dict[str, Any]:
    if not value:
        raise InputError(f"query: {name}{operator} lacks its value")
    if operator == "~":
        return {"$regex": Pattern.of(value)}
    if operator == ":":
        return {"$all": [read(part) for part in value.split(",")]}
    values = [read(part) for part in value.split("|")]
    if len(values) > 1:
        if operator not in {"=", "!="}:
            raise InputError(f"query: {name}{operator}{value}: alternatives go with = and != only")
        return {"$in" if operator == "=" else "$nin": values}
    return {OPERATORS[operator]: values[0]}


def _value(name: str, text: str) -> Any:
    """A number, true, false, none, or text; a chemical system or formula in its canonical form."""
    if name == "formula" and text.lower() not in {"none", "null"}:
        return canonical(text)
    if name == "chemsys":
        return "-".join(sorted(text.split("-")))
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if text.lower() in {"none", "null"}:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    whole = number.is_integer() and "." not in text and abs(number) <= _LARGEST
    return int(number) if whole else number


def _parse_json(text: str) -> dict[str, Any]:
    try:
        criteria = json.loads(text, object_hook=_dated)
    except (ValueError, RecursionError) as error:
        told = error if isinstance(error, json.JSONDecodeError) else str(error).partition(";")[0]
        raise InputError(f"query: not JSON: {told}") from error
    found: dict[str, Any] = _checked(criteria)
    return found


def _dated(value: dict[str, Any]) -> Any:
    """A ``{"$date": ...}`` as the time it names."""
    return _moment("$date", str(value["$date"])) if value.keys() == {"$date"} else value


def _checked(criteria: Any, depth: int = 0) -> Any:
    """Criteria that read fields and come to an end.

    Raises:
        InputError: they run code, are nested beyond reason, or hold what no document holds.
    """
    if depth > _MAX_DEPTH:
        raise InputError(f"query: nested more than {_MAX_DEPTH} deep")
    if isinstance(criteria, Mapping):
        for name in criteria:
            if name.startswith("$") and name not in ALLOWED:
                raise InputError(f"query: operator {name} is not allowed")
        checked = {
            name: _checked(value, depth + 1)
            for name, value in criteria.items()
            if name not in {"$regex", "$options"}
        }
        if "$regex" in criteria:
            checked["$regex"] = Pattern.of(criteria["$regex"], criteria.get("$options", ""))
        return checked
    if isinstance(criteria, list):
        return [_checked(item, depth + 1) for item in criteria]
    if isinstance(criteria, int) and abs(criteria) > _LARGEST:
        raise InputError(f"query: no document holds a whole number beyond {_LARGEST}")
    return criteria
