"""How every benchmark prints what it found: one JSON object, or tables for people."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 220
"""Columns where there is no terminal to ask: no figure is cut."""


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a result on stdout.

    Args:
        result: JSON values with a list ``rows`` of tables' lines, and perhaps a ``note``.
        as_json: Print the object and nothing else.
    """
    if as_json:
        print(json.dumps(result))
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    for columns, rows in itertools.groupby(result["rows"], key=tuple):
        table = Table(*columns)
        for row in rows:
            table.add_row(*map(_cell, row.values()))
        console.print(table)
    if note := result.get("note"):
        console.print(note)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
