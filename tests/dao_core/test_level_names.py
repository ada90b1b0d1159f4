"""Levels that say what each element has."""

from __future__ import annotations

from dao_core.level_names import level_name, restricted, settings_of


def test_a_level_is_restricted_to_elements() -> None:
    own = {"Mg": ["md5-mg", []], "O": ["md5-o", []]}
    both = level_name("qe-pbe", {"ecutwfc": 60}, own)
    alone = level_name("qe-pbe", {"ecutwfc": 60}, {"Mg": own["Mg"]})
    assert restricted(both, ["Mg"]) == alone
    assert restricted(both, ["O", "Mg"]) == both
    assert settings_of(both) == settings_of(alone)
    other = level_name("qe-pbe", {"ecutwfc": 60}, {**own, "Mg": ["another", []]})
    assert restricted(other, ["Mg"]) != alone
    assert restricted(other, ["O"]) == restricted(both, ["O"])


def test_levels_without_elements_are_what_they_are() -> None:
    for level in ("dao-p@0123", "qe-pbe-dojo-fast@1a2b", "mp-gga-gga+u-mp2020", "mine[1]"):
        assert restricted(level, ["Mg"]) == level
        assert settings_of(level) is None
