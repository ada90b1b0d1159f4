"""The funnel adds up by construction."""

from __future__ import annotations

from dao_core.search.funnel import Funnel


def test_every_candidate_leaves_once_with_a_reason() -> None:
    funnel = Funnel()
    funnel.begin("proposed", 5, ["a", "b", "c", "d"], "source_exhausted")
    valid = funnel.pass_through("valid", ["a", "b", "c", "d"], {"b": "too_close"})
    left = funnel.pass_through("unique", valid, {"d": "duplicate", "b": "not here any more"})

    assert left == ["a", "c"]
    assert [(row.entered, row.left) for row in funnel.rows] == [(5, 4), (4, 3), (3, 2)]
    assert [row.rejected for row in funnel.rows] == [
        {"source_exhausted": 1},
        {"too_close": 1},
        {"duplicate": 1},
    ]
    assert all(row.unaccounted == 0 for row in funnel.rows)
    assert funnel.fates == {"b": ("valid", "too_close"), "d": ("unique", "duplicate")}
