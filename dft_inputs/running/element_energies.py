"""Energies of the elements that ship with the project: our own pw.x results, by calculation.

A height above hull needs the elements at the very level of the crystal. They are the same for
everybody who computes at that level, and spin-polarised oxygen takes longer than many an oxide.
``benchmarks/element_energies.py`` makes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from dft_inputs.running.folder import CalculationResult

FILE = Path(__file__).with_name("element_energies.json")
SHIPPED = "shipped with dao"
"""Stands where a result of this machine names its folder."""


def shipped_results() -> list[CalculationResult]:
    """All results in the file."""
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
    return [
        CalculationResult.model_validate({**row, "dir_name": SHIPPED, "task": {"source": SHIPPED}})
        for row in rows
    ]


def results_for(keys: Sequence[str]) -> Iterator[CalculationResult]:
    """The results of some calculations, those that are in the file.

    Args:
        keys: Names of calculations: a crystal, the fingerprint of a level, and a workflow.

    Yields:
        Each result.
    """
    wanted = set(keys)
    yield from (result for result in shipped_results() if result.key in wanted)


def add_result(result: CalculationResult) -> None:
    """Add a finished calculation to the file.

    Args:
        result: Of an element, at the level that its key names.
    """
    known = {row.key: row for row in shipped_results()}
    rows = [*known.values(), result] if result.key not in known else [*known.values()]
    content = [row.model_dump(mode="json", exclude={"task", "dir_name"}) for row in rows]
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
