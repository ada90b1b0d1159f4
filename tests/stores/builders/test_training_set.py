"""Training sets: classes, leakage, hashes."""

from __future__ import annotations

import pytest

from dao_core.errors import InputError
from stores.builders import ClassBounds, build_training_set, register_test_set
from stores.builders.examples import classify
from stores.documents import ManifestDocument, RelaxationDocument, composition_fields


@pytest.fixture
def filled(store, rocksalt, put_label):
    """Four labels: stable, unstable, far above the hull, and one without energy above hull."""
    for a, pair, above in (
        (4.2, ("Mg", "O"), 0.0),
        (4.8, ("Ca", "O"), 0.3),
        (5.2, ("Sr", "O"), 0.9),
        (5.5, ("Ba", "O"), None),
    ):
        put_label(store, rocksalt(a, pair), -3.0, energy_above_hull=above)
    return store


def test_classes_and_reasons(filled) -> None:
    manifest = build_training_set(filled, "test")
    assert manifest.counts == {"stable": 1, "unstable": 1, "far": 1}
    assert manifest.excluded == {"no_energy_above_hull": 1}
    assert filled.get(ManifestDocument, manifest.id).entries == manifest.entries


def test_relaxed_structures_are_a_class_of_their_own(filled, rocksalt) -> None:
    filled.put(
        RelaxationDocument(
            relaxation_id="r",
            structure_id="s-relaxed",
            level="test",
            energy_per_atom=-3.0,
            converged=True,
            stop_reason="converged",
            **composition_fields(rocksalt()),
        )
    )
    manifest = build_training_set(filled, "test")
    # There are no elements at this level, so no hull, so no class for the relaxation.
    assert manifest.counts == {"stable": 1, "unstable": 1, "far": 1}
    assert manifest.excluded["no_energy_above_hull"] == 2


def test_bounds_divide_what_was_built_with_others(filled) -> None:
    build_training_set(filled, "test")
    wide = build_training_set(filled, "test", bounds=ClassBounds(stable=0.4, unstable=1.0))
    assert wide.counts == {"stable": 2, "unstable": 1}
    narrow = build_training_set(filled, "test", bounds=ClassBounds(stable=0.0, unstable=0.1))
    assert narrow.counts == {"stable": 1, "far": 2}


def test_a_relaxation_that_ended_far_above_the_hull_is_left_out() -> None:
    bounds = ClassBounds()
    assert classify("relaxations/r", 0.6, bounds) == (None, "too_unstable")
    assert classify("relaxations/r", 0.4, bounds) == ("relaxed", None)
    assert classify("labels/l", 0.6, bounds) == ("far", None)


def test_own_hull_decides_before_the_source(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -1.0)
    put_label(store, rocksalt(4.2), -3.0)
    put_label(store, rocksalt(4.9), -2.7, energy_above_hull=0.0)
    manifest = build_training_set(store, "test")
    assert manifest.counts == {"stable": 3, "unstable": 1}


def test_hash_follows_from_members_and_settings(filled, rocksalt, put_label) -> None:
    first = build_training_set(filled, "test")
    assert build_training_set(filled, "test").id == first.id
    assert build_training_set(filled, "test", classes=["stable"]).id != first.id
    put_label(filled, rocksalt(5.0, ("Na", "Cl")), -3.0, energy_above_hull=0.01)
    assert build_training_set(filled, "test").id != first.id


def test_test_structures_and_their_formulas_are_kept_out(filled, rocksalt) -> None:
    register_test_set(filled, "by-structure", [rocksalt(4.2)])
    register_test_set(filled, "by-formula", [rocksalt(6.3, ("Ca", "O"))])
    register_test_set(filled, "far", [rocksalt(5.2, ("Sr", "O"))])
    with pytest.raises(InputError, match="no example"):
        build_training_set(filled, "test")


def test_near_duplicates_of_test_structures_are_kept_out(filled, rocksalt, put_label) -> None:
    put_label(filled, rocksalt(4.25), -3.0, energy_above_hull=0.0)
    put_label(filled, rocksalt(5.0, ("Na", "Cl")), -3.0, energy_above_hull=0.0)
    register_test_set(filled, "t", [rocksalt(4.2)])
    manifest = build_training_set(filled, "test", bounds=ClassBounds(stable=0.01))
    assert manifest.excluded["test_structure:t"] == 2
    assert manifest.counts == {"stable": 1, "unstable": 1, "far": 1}


def test_a_test_set_cannot_change_under_its_name(filled, rocksalt) -> None:
    register_test_set(filled, "t", [rocksalt(4.2)])
    register_test_set(filled, "t", [rocksalt(4.2)])
    with pytest.raises(InputError, match="new name"):
        register_test_set(filled, "t", [rocksalt(4.4)])
