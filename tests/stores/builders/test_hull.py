"""Energies above hull, kept up to date."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from stores import DaoStore, open_store
from stores.builders import HullBuilder
from stores.documents import (
    HullDocument,
    LabelDocument,
    RelaxationDocument,
    ThermoDocument,
    composition_fields,
)


def _above(store: DaoStore, formula: str, level: str = "test") -> list[float | None]:
    found = store.find(ThermoDocument, {"formula": formula, "level": level})
    return sorted(one.energy_above_hull for one in found)


def test_hull_by_hand(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -2.0)
    put_label(store, rocksalt(4.2), -4.0)
    put_label(store, rocksalt(4.8), -3.9)
    HullBuilder(store).build()
    assert _above(store, "MgO") == [0.0, pytest.approx(0.1)]
    stable = store.get(HullDocument, "Mg-O@test")
    assert len(stable.stable) == 3
    found = next(store.find(ThermoDocument, {"formula": "MgO", "is_stable": True}))
    assert found.formation_energy_per_atom == pytest.approx(-4.0 + 1.5)


def test_levels_never_mix(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0, "a")
    put_label(store, element("O"), -2.0, "a")
    put_label(store, rocksalt(), -4.0, "a")
    put_label(store, rocksalt(), -9.0, "b")
    HullBuilder(store).build()
    assert _above(store, "MgO", "a") == [0.0]
    assert _above(store, "MgO", "b") == [None]
    hull = store.get(HullDocument, "Mg-O@b")
    assert hull.missing_references == ["Mg", "O"]


def test_a_withdrawn_energy_leaves_its_hull(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -2.0)
    put_label(store, rocksalt(4.2), -4.0)
    wrong = put_label(store, rocksalt(4.8), -9.0)
    HullBuilder(store).build()
    assert _above(store, "MgO") == [0.0, pytest.approx(5.0)]
    store.put(wrong.model_copy(update={"withdrawn": "replaced by l-2"}))
    HullBuilder(store).build()
    assert _above(store, "MgO") == [0.0]
    assert [one.id for one in store.find(LabelDocument, {"formula": "MgO"}, limit=1)] != [wrong.id]


def test_a_withdrawn_element_leaves_no_hull(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0)
    oxygen = put_label(store, element("O"), -2.0)
    put_label(store, rocksalt(4.2), -4.0)
    HullBuilder(store).build()
    store.put(oxygen.model_copy(update={"withdrawn": "replaced by l-2"}))
    HullBuilder(store).build()
    assert _above(store, "MgO") == [None]
    assert _above(store, "O2") == []


def test_levels_of_runs_share_a_hull_where_their_elements_agree(
    store, rocksalt, element, put_label
) -> None:
    put_label(store, element("Mg"), -1.0, "qe-pbe-12[Mg:aa]")
    put_label(store, rocksalt(), -4.0, "qe-pbe-12[Mg:aa,O:bb]")
    put_label(store, element("O"), -9.0, "qe-pbe-12[O:cc]")
    HullBuilder(store).build()
    assert _above(store, "MgO", "qe-pbe-12[Mg:aa,O:bb]") == [None], "another O"
    put_label(store, element("O"), -2.0, "qe-pbe-12[O:bb]")
    HullBuilder(store).build()
    assert _above(store, "MgO", "qe-pbe-12[Mg:aa,O:bb]") == [0.0]
    found = next(store.find(ThermoDocument, {"formula": "MgO"}))
    assert found.formation_energy_per_atom == pytest.approx(-4.0 + 1.5)


def test_late_elements_complete_the_hull(store, rocksalt, element, put_label) -> None:
    put_label(store, rocksalt(), -4.0)
    HullBuilder(store).build()
    assert _above(store, "MgO") == [None]
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -2.0)
    HullBuilder(store).build()
    assert _above(store, "MgO") == [0.0]


def test_a_new_stable_phase_lifts_larger_systems(store, rocksalt, element, put_label) -> None:
    for symbol in ("Mg", "O", "Ca"):
        put_label(store, element(symbol), -1.0)
    ternary = Structure(
        Lattice.cubic(4.2),
        ["Mg", "Ca", "O", "O"],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0.5]],
    )
    put_label(store, ternary, -2.0)
    HullBuilder(store).build()
    assert _above(store, "CaMgO2") == [0.0]
    put_label(store, rocksalt(4.2), -4.0)
    put_label(store, rocksalt(4.8, ("Ca", "O")), -4.0)
    HullBuilder(store).build()
    assert _above(store, "CaMgO2") == [pytest.approx(2.0)]


def test_only_converged_relaxations_at_zero_pressure_count(store, rocksalt) -> None:
    fields = composition_fields(rocksalt())
    for name, energy, pressure, converged in (
        ("good", -3.0, 0.0, True),
        ("pressed", -5.0, 10.0, True),
        ("open", -6.0, 0.0, False),
    ):
        store.put(
            RelaxationDocument(
                relaxation_id=name,
                structure_id="s-1",
                level="p",
                energy_per_atom=energy,
                pressure=pressure,
                converged=converged,
                stop_reason="converged",
                **fields,
            )
        )
    HullBuilder(store).build()
    entry = store.get(ThermoDocument, "s-1@p")
    assert entry.energy_per_atom == -3.0
    assert entry.sources == [{"collection": "relaxations", "id": "good"}]


def test_order_of_arrival_does_not_matter(rocksalt, element, put_label) -> None:
    chance = random.Random(0)
    items = [(element(symbol), -chance.random()) for symbol in ("Mg", "Ca", "O")]
    items += [
        (rocksalt(a, pair), -1 - chance.random())
        for a in (4.2, 4.7)
        for pair in (("Mg", "O"), ("Ca", "O"), ("Mg", "Ca"))
    ]
    results = []
    for seed in range(3):
        shuffled = items.copy()
        random.Random(seed).shuffle(shuffled)
        with open_store("memory://") as store:
            for number, (structure, energy) in enumerate(shuffled):
                put_label(store, structure, energy)
                if number % (seed + 2) == 0:
                    HullBuilder(store).build()
            HullBuilder(store).build()
            results.append({one.id: one.energy_above_hull for one in store.find(ThermoDocument)})
    assert results[1] == pytest.approx(results[0])
    assert results[2] == pytest.approx(results[0])


def test_nothing_new_costs_nothing(store, rocksalt, put_label) -> None:
    put_label(store, rocksalt(), -1.0)
    HullBuilder(store).build()
    report = HullBuilder(store).build()
    assert (report.taken_in, report.written.inserted, report.written.updated) == (0, 0, 0)


def test_a_real_system_agrees_with_its_reference(shared: Path, put_label: Callable) -> None:
    file = shared / "data" / "reference_phases" / "mp_entries_Fe-Li-O-P.json.gz"
    records = json.loads(gzip.decompress(file.read_bytes()))["records"]
    # The binary subsystem: its hull needs none of the other entries.
    records = [one for one in records if {26, 8} >= set(one["atomic_numbers"])]
    records = sorted(records, key=lambda one: one["e_above_hull"])[:50]
    expected: dict[str, float] = {}
    with open_store("memory://") as store:
        labels = []
        for one in records:
            crystal = Structure(Lattice(one["lattice"]), one["atomic_numbers"], one["frac_coords"])
            energy = one["energy_per_atom"] + one["correction_per_atom"]
            labels.append(
                LabelDocument.of(
                    crystal,
                    level="mp",
                    source="t",
                    source_id=one["material_id"],
                    energy_per_atom=energy,
                )
            )
            known = expected.get(labels[-1].structure_id, 99.0)
            expected[labels[-1].structure_id] = min(known, one["e_above_hull"])
        store.put(labels)
        HullBuilder(store).build()
        found = {one.structure_id: one.energy_above_hull for one in store.find(ThermoDocument)}
    assert len(found) > 40
    assert found == pytest.approx(expected, abs=1e-4)
