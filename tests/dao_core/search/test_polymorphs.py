"""The order of polymorphs at rest and at temperature."""

from __future__ import annotations

import pytest

from dao_core.search.polymorphs import PolymorphEnergies, rank_polymorphs


def test_a_soft_polymorph_overtakes_a_stiff_one_with_temperature() -> None:
    stiff = PolymorphEnergies("stiff", static=-5.00, zero_point=0.10, free=-4.95)
    soft = PolymorphEnergies("soft", static=-4.99, zero_point=0.06, free=-4.99)
    first, second = rank_polymorphs([stiff, soft])
    assert (first.name, first.rank, first.rank_at_rest) == ("soft", 1, 2)
    assert first.at_rest == pytest.approx(0.01)
    assert first.at_zero == first.at_temperature == 0.0
    assert second.at_zero == pytest.approx(0.03)
    assert second.at_temperature == pytest.approx(0.04)


def test_nothing_has_no_order() -> None:
    assert rank_polymorphs([]) == []
