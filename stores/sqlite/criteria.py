"""MongoDB criteria as SQL over JSON documents, exactly, as far as SQL can say them.

What SQL cannot say (``$or``, ``$regex``, dotted paths, ``$elemMatch`` ...) is left over and applied
to the decoded documents by mongomock's matcher, so that every criterion means what it means in
MongoDB.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stores.encoding import DATE_PREFIX, date_text

_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMPARISONS = {"$eq": "=", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_KEY_TYPE = "typeof(key)"  # the same words as json_type: 'text' and 'integer'
_NUMBER = "{type} IN ('integer','real')"


@dataclass
class SqlCriteria:
    """The part of a criterion that SQL decides, and the rest.

    Attributes:
        clauses: SQL conditions, all of which must hold.
        values: their parameters in order.
        rest: MongoDB criteria still to be applied to the documents found; empty when none.
    """

    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The ``WHERE`` clause, or an empty string."""
        return f" WHERE {' AND '.join(self.clauses)}" if self.clauses else ""


def is_plain(name: str) -> bool:
    """Whether a field is at the top level of documents, so that SQL can reach it exactly."""
    return _PLAIN_FIELD.fullmatch(name) is not None


def extract(name: str) -> str:
    """The SQL expression of a top-level field; indexes are made on exactly this text."""
    return f"json_extract(doc,'$.{name}')"


def translate(criteria: Mapping[str, Any] | None, key: str | None = None) -> SqlCriteria:
    """Split MongoDB criteria into SQL and a rest.

    Args:
        criteria: as for MongoDB's ``find``; None matches everything.
        key: the field that the table keeps in its own column.

    Example:
        >>> translate({"chemsys": "Mg-O", "a.b": 1}).rest
        {'a.b': 1}
    """
    sql = SqlCriteria()
    for name, condition in (criteria or {}).items():
        if name == "$and":
            parts = [translate(part, key) for part in condition]
            for part in parts:
                sql.clauses += part.clauses
                sql.values += part.values
            rests = [part.rest for part in parts if part.rest]
            if rests:
                sql.rest["$and"] = rests
        elif not _translate_field(name, condition, sql, on_key=name == key):
            sql.rest[name] = _aware(condition)
    return sql


def _aware(condition: Any) -> Any:
    """The condition with naive dates taken as UTC, as everywhere: documents hold aware ones."""
    if isinstance(condition, datetime) and condition.tzinfo is None:
        return condition.replace(tzinfo=UTC)
    if isinstance(condition, Mapping):
        return {name: _aware(value) for name, value in condition.items()}
    if isinstance(condition, list):
        return [_aware(value) for value in condition]
    return condition


def _translate_field(name: str, condition: Any, sql: SqlCriteria, *, on_key: bool) -> bool:
    """Add one field's condition to ``sql``; False when it must be left to the matcher."""
    if not is_plain(name):
        return False
    operators = condition if _is_operators(condition) else {"$eq": condition}
    translated = [_scalar_test(operator, value) for operator, value in operators.items()]
    for test in translated:
        if test is None:
            return False
    for test in translated:
        if test is not None:
            clause, values = test
            if on_key:
                sql.clauses.append(f"({_filled(clause, 'key', _KEY_TYPE)})")
                sql.values += values
            else:
                sql.clauses.append(_on_scalar_or_elements(name, clause))
                sql.values += [*values, *values]
    return True


def _is_operators(condition: Any) -> bool:
    return (
        isinstance(condition, Mapping)
        and bool(condition)
        and all(key.startswith("$") for key in condition)
    )


def _scalar_test(operator: str, value: Any) -> tuple[str, list[Any]] | None:
    """SQL on ``{value}`` and ``{type}`` for one operator, or None when SQL cannot say it."""
    if operator == "$in":
        return _membership(value)
    sign = _COMPARISONS.get(operator)
    if sign is None:
        return None
    if isinstance(value, bool):
        word = "true" if value else "false"
        return (f"{{value}}={int(value)} AND {{type}}='{word}'", []) if sign == "=" else None
    if isinstance(value, int | float):
        # NaN is stored as a marked object, and no comparison of SQL finds it.
        return (f"{{value}}{sign}? AND {_NUMBER}", [value]) if value == value else None  # noqa: PLR0124
    if isinstance(value, str):
        return f"{{value}}{sign}? AND {{type}}='text'", [value]
    if isinstance(value, datetime):
        bounds = f"{{value}}>='{DATE_PREFIX}' AND {{value}}<'{DATE_PREFIX}~'"
        text = f'{DATE_PREFIX}{date_text(value)}"}}'
        return f"{{value}}{sign}? AND {bounds} AND {{type}}='object'", [text]
    return None


def _membership(values: Any) -> tuple[str, list[Any]] | None:
    """``$in`` of strings; other lists are rare and left to the matcher."""
    members = list(values)
    if not all(isinstance(member, str) for member in members):
        return None
    # One parameter however long the list is: SQLite allows no more than 32,766.
    listed = "(SELECT value FROM json_each(?))"
    return f"{{value}} IN {listed} AND {{type}}='text'", [json.dumps(members)]


def _filled(test: str, value: str, kind: str) -> str:
    """A test with the SQL of its value and of the value's type put in."""
    return test.replace("{value}", value).replace("{type}", kind)


def _on_scalar_or_elements(name: str, test: str) -> str:
    """A test of a field holds for its value, or for an element when the value is an array.

    Field names have passed :func:`is_plain`; values are always parameters (hence the exemption).
    The text of every array begins with ``[``, so both branches can use the index of the field.
    """
    expression = extract(name)
    on_value = _filled(test, expression, f"json_type(doc,'$.{name}')")
    on_element = _filled(test, "e.value", "e.type")
    is_array = f"{expression}>='[' AND {expression}<'\\'"
    elements = f"json_each(doc,'$.{name}') e"
    return f"(({on_value}) OR ({is_array} AND EXISTS(SELECT 1 FROM {elements} WHERE {on_element})))"  # noqa: S608
