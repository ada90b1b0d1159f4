"""What every :class:`dao_core.search.sources.base.CandidateSource` must do."""

from __future__ import annotations

from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import CandidateSource


def check_source(source: CandidateSource, cell: CompositionCell, n: int = 4) -> None:
    """Ask a source for candidates of a cell in all the ways in which a search does.

    Args:
        source: A source that has something to propose for the cell.
        cell: A cell that it knows.
        n: How many candidates are asked for.

    Raises:
        AssertionError: It does not do what a search needs.
    """
    assert source.name
    assert source.seconds_per_candidate >= 0
    made = source.propose(cell, n, 0)
    assert 0 < len(made) <= n, f"{source.name} proposed {len(made)} of {n}"
    for proposal in made:
        assert proposal.structure.composition == cell.composition, "not the atoms of the cell"
        assert proposal.origin.partition(":")[0] == source.name
    again = source.propose(cell, n, 0)
    assert [p.structure for p in again] == [p.structure for p in made], "not the same again"
    rest = source.propose(cell, n - 1, 0, 1)
    assert [p.structure for p in rest] == [p.structure for p in made[1:]], "goes on differently"
