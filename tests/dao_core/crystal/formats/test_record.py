"""JSON of the field's programs: entries, structures, atoms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.entries.computed_entries import ComputedStructureEntry

from dao_core.crystal.reading import read_structures

CRYSTAL = Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
ENTRY = ComputedStructureEntry(CRYSTAL, -6.0, entry_id="e-1").as_dict()
ATOMS = {
    "lattice_mat": CRYSTAL.lattice.matrix.tolist(),
    "coords": CRYSTAL.cart_coords.tolist(),
    "elements": ["Cs", "Cl"],
    "cartesian": True,
}


@pytest.mark.parametrize(
    "content",
    [
        CRYSTAL.as_dict(),
        [CRYSTAL.as_dict()],
        {"structures": [CRYSTAL.as_dict()]},
        ENTRY,
        [ENTRY],
        {"entries": [ENTRY]},
        {"e-1": ENTRY},
        [{"jid": "J-1", "atoms": ATOMS}],
        {"records": [{"material_id": "m", "cif": CRYSTAL.to(fmt="cif")}]},
    ],
)
def test_every_layout_gives_the_crystal(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "crystals.json"
    file.write_text(json.dumps(content))
    (found,) = read_structures([file]).structures
    assert found.structure.matches(CRYSTAL)


@pytest.mark.parametrize("content", [{"a": 1}, [{"a": 1}], {"entries": [3]}])
def test_a_refusal_names_the_layouts(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(content))
    (failure,) = read_structures([file]).failures
    assert "ComputedStructureEntry" in failure.reason


def test_json_within_folders_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}")
    CRYSTAL.to(str(tmp_path / "a.cif"))
    reading = read_structures([tmp_path])
    assert (len(reading.structures), reading.failures) == (1, [])
