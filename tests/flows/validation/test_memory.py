from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from flows.validation.memory import SOURCE, StoreMemory
from stores import DaoStore, open_store
from stores.builders import HullBuilder
from stores.documents import TARGET_PRESSURE, LabelDocument, ThermoDocument

LEVEL = "qe-pbe-dojo-fast@1a2b3c4d5e6f at 160.218 GPa"
ONE_EV_PER_CUBIC_ANGSTROM = 160.21766208


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DaoStore]:
    with open_store(tmp_path) as opened:
        cube = Structure(Lattice.cubic(2.0), ["Al"], [[0, 0, 0]])
        facts = {"energy_per_atom": -3.0, "properties": {TARGET_PRESSURE: 160.0}}
        opened.put(LabelDocument.of(cube, level=LEVEL, source=SOURCE, **facts))
        yield opened


def test_under_pressure_the_store_remembers_enthalpies(store: DaoStore) -> None:
    (point,) = StoreMemory(store).hull_points(LEVEL, ["Al"], ONE_EV_PER_CUBIC_ANGSTROM).values()
    assert point.energy_per_atom == pytest.approx(-3.0 + 8.0)
    (point,) = StoreMemory(store).hull_points(LEVEL, ["Al"], 0.0).values()
    assert point.energy_per_atom == -3.0


def test_energies_of_compressed_crystals_make_no_hull(store: DaoStore) -> None:
    HullBuilder(store).build()
    assert list(store.find(ThermoDocument)) == []
