"""Published energies of the elements' ground states, for levels that err about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("materials_project.json")


@dataclass(frozen=True)
class LiteratureEnergy:
    """The published energy of an element.

    Attributes:
        energy_per_atom: eV/atom, PBE on the scale of the Materials Project.
        source: where it stands, with its id there.
    """

    energy_per_atom: float
    source: str


def literature_energy(symbol: str) -> LiteratureEnergy | None:
    """The energy of an element's ground state in the Materials Project.

    It is comparable to energies on the scale MP2020 alone, which leaves elements as they are.

    Args:
        symbol: of the element.

    Returns:
        The energy; None where the table has none.
    """
    row = _table().get(symbol)
    if row is None:
        return None
    return LiteratureEnergy(row["energy_per_atom"], f"Materials Project {row['id']}")


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads(_FILE.read_text(encoding="utf-8"))["elements"])
