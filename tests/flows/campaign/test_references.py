"""Known phases of a system at the level of a hull: relaxed once, in the store, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings
from dao_core.search.competing import Competition, competition
from dao_core.search.conditions import Conditions
from stores import DaoStore, open_store
from stores.builders import HullBuilder
from stores.documents import LabelDocument, RelaxationDocument, ThermoDocument
from stores.search_memory import StoreMemory


@pytest.fixture(scope="module")
def dao_p() -> Potential:
    return load_potential("dao-p")


@pytest.fixture
def store(tmp_path: Path) -> DaoStore:
    return open_store(str(tmp_path / "store"))


def hull_of(store: DaoStore, potential: Potential, campaign: str = "one") -> Competition:
    conditions = Conditions(potential.level, RelaxSettings(), searching=True)
    return competition(StoreMemory(store), campaign, ["Ca", "N"], potential, conditions)


def test_a_hull_has_its_elements_before_anything_is_found(
    store: DaoStore, dao_p: Potential
) -> None:
    found = hull_of(store, dao_p)
    calcium, nitrogen = found.references
    assert (calcium.flag, found.compounds) == (None, [])
    assert nitrogen.energy_per_atom == pytest.approx(-8.3365, abs=1e-3)
    assert "Materials Project mp-25" in str(nitrogen.flag)
    phases = {phase.formula: phase for phase in found.phases(dao_p.level)}
    assert phases["N2"].source == "reference"
    assert phases["N2"].level == dao_p.level
    stored = list(store.find(RelaxationDocument, {}))
    assert {one.formula for one in stored} == {"Ca", "N2"}
    assert not any(one.campaign_ids for one in stored)
    assert hull_of(store, dao_p, "another") == found
    assert len(list(store.find(RelaxationDocument, {}))) == 2


def test_phases_that_labels_call_stable_compete_at_the_level(
    store: DaoStore, dao_p: Potential
) -> None:
    anti_fluorite = Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(4.9), ["N", "Ca"], [[0, 0, 0], [0.5, 0, 0]]
    )
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.0), ["Ca", "N"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    store.put(
        [
            LabelDocument.of(anti_fluorite, level="pbe", source="test", energy_above_hull=0.01),
            LabelDocument.of(rocksalt, level="pbe", source="test", energy_above_hull=0.3),
        ]
    )
    (compound,) = hull_of(store, dao_p).compounds
    assert (compound.formula, compound.level) == ("Ca3N", dao_p.level)
    HullBuilder(store).build()
    placed = {one.formula: one for one in store.find(ThermoDocument, {"level": dao_p.level})}
    assert {"Ca", "N2", "Ca3N"} <= placed.keys()  # the store's own hulls have them too
