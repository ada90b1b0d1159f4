"""Ties and cautions: what a level cannot settle is said, what it can is left in peace."""

from __future__ import annotations

import pytest

from dao_core.doubt import Polymorph, cautions, order_std, ties

SEARCH, REFINED = "dao-p@1a2b", "sevennet-0-11jul2024+mp2020"


def polymorph(rank: int, group: str, energy: float, formula: str = "MgO", **facts) -> Polymorph:
    given = {"height": energy + 6.0, "is_element": False, **facts}
    return Polymorph(rank, formula, group, energy_per_atom=energy, **given)


def test_the_doubt_is_smallest_where_independent_levels_agree() -> None:
    agreed, apart = order_std(REFINED, 0.0), order_std(REFINED, 0.2)
    assert 0 < agreed < order_std(REFINED)
    assert agreed < apart
    assert order_std("a-level-of-nobody") >= order_std(SEARCH)


def test_a_gap_below_the_doubt_is_a_tie_and_said() -> None:
    near, far = 0.3 * order_std(SEARCH), 3 * order_std(SEARCH)
    ranked = [
        polymorph(1, "P6_3mc", -6.0),
        polymorph(2, "Fm-3m", -6.0 + near),
        polymorph(3, "Pm-3m", -6.0 + far),
        polymorph(4, "Fm-3m", -5.99, "Mg2O"),
    ]
    assert ties(ranked, SEARCH) == {2: 1}
    (caution,) = cautions(ranked, SEARCH)
    assert caution.startswith("MgO: P6_3mc (rank 1) and Fm-3m (rank 2) differ by")
    assert "not settled" in caution


def test_what_is_settled_needs_no_caution() -> None:
    far = 3 * order_std(SEARCH)
    ranked = [polymorph(1, "Fm-3m", -6.0), polymorph(2, "P6_3mc", -6.0 + far)]
    assert ties(ranked, SEARCH) == {}
    assert cautions(ranked, SEARCH) == []


def test_levels_that_disagree_on_the_ground_state_are_named() -> None:
    ranked = [
        polymorph(1, "Fm-3m", -6.0, search_height=0.02),
        polymorph(2, "P6_3mc", -5.7, search_height=0.0),
    ]
    # 0.3 eV/atom up, it is out of what the ranking is read for.
    assert cautions(ranked, REFINED, SEARCH) == []
    close = [ranked[0], polymorph(2, "P6_3mc", -5.92, search_height=0.0)]
    said = cautions(close, REFINED, SEARCH)
    assert (
        said[0] == f"MgO: {REFINED} has Fm-3m (rank 1) lowest, {SEARCH} had P6_3mc (rank 2), "
        "now 80 meV/atom higher"
    )


def test_dft_that_turns_the_order_round_is_said() -> None:
    ranked = [
        polymorph(1, "P6_3mc", -6.0, dft_height=0.07),
        polymorph(2, "Fm-3m", -5.95, dft_height=0.0),
    ]
    assert "MgO: DFT has Fm-3m (rank 2) below P6_3mc (rank 1)" in cautions(ranked, SEARCH)
    agreed = [ranked[0], polymorph(2, "Fm-3m", -5.95, dft_height=0.2)]
    assert not any("DFT" in one for one in cautions(agreed, SEARCH))


def test_a_crystal_of_an_element_below_its_ground_state_is_said_first() -> None:
    titanium = polymorph(1, "Im-3m", -7.9, "Ti", height=-0.034, is_element=True)
    first = cautions([titanium, *(polymorph(2, "Fm-3m", -6.0),)], SEARCH)[0]
    assert first.startswith("Ti: Im-3m (rank 1) lies 34 meV/atom below the known ground state")
    level = polymorph(1, "Im-3m", -7.9, "Ti", height=-0.004, is_element=True)
    assert cautions([level], SEARCH) == []


@pytest.mark.parametrize(("ratio", "said"), [(3.6, True), (1.2, False), (0.8, False)])
def test_a_volume_that_no_bulk_crystal_has_is_said(ratio: float, *, said: bool) -> None:
    sulfur = polymorph(1, "P1", -4.1, "S", height=0.0, volume_ratio=ratio, volume_per_atom=92.0)
    assert any("92.0 cubic angstrom" in one for one in cautions([sulfur], SEARCH)) is said


def test_many_cautions_of_a_kind_are_counted() -> None:
    odd = [polymorph(n, "P1", -6.0, f"MgO{n}", volume_ratio=3.0) for n in range(1, 9)]
    assert cautions(odd, SEARCH)[-1] == "3 more cautions of this kind"
