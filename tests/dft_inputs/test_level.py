from __future__ import annotations

import pytest

from dft_inputs.level import LevelOfTheory


@pytest.mark.parametrize(
    "change",
    [
        {"version": "7.2"},
        {"functional": "pbesol"},
        {"pseudo_md5": {"Mg": "aa", "O": "cc"}},
        {"settings": {"ecutwfc": 84.0, "kpoint_distance": 0.3}},
        {"hubbard_u": {"Mg": 1.0}},
    ],
)
def test_everything_that_changes_an_energy_changes_the_fingerprint(
    level: LevelOfTheory, change: dict[str, object]
) -> None:
    assert level.model_copy(update=change).fingerprint() != level.fingerprint()


def test_restriction_to_elements_ignores_the_others(level: LevelOfTheory) -> None:
    other = level.model_copy(update={"pseudo_md5": {"Mg": "aa", "O": "changed"}})
    assert level.fingerprint({"Mg"}) == other.fingerprint({"Mg"})
    assert level.fingerprint({"O"}) != other.fingerprint({"O"})


def test_fingerprint_does_not_depend_on_the_order_of_tables(level: LevelOfTheory) -> None:
    turned = level.model_copy(update={"pseudo_md5": {"O": "bb", "Mg": "aa"}})
    assert turned.fingerprint() == level.fingerprint()


def test_name_says_code_functional_family_and_protocol(level: LevelOfTheory) -> None:
    assert level.name == f"qe-pbe-dojo-fast@{level.fingerprint()}"


def test_a_level_under_pressure_says_so(level: LevelOfTheory) -> None:
    pressed = level.model_copy(update={"settings": {**level.settings, "pressure": 200.0}})
    assert pressed.name.endswith(f"@{pressed.fingerprint()} at 200 GPa")
    assert "GPa" not in level.model_copy(update={"settings": {"pressure": 0.0}}).name
