"""Crystals by id: what a relaxation does not know stays with its candidate."""

from __future__ import annotations

from collections.abc import Callable

from pymatgen.core import Structure

from stores import DaoStore
from stores.crystals import crystal_of
from stores.documents import CandidateDocument, RelaxationDocument, composition_fields


def _kept(store: DaoStore, start: Structure, end: Structure) -> None:
    """A candidate and what it was relaxed to."""
    fields = composition_fields(start)
    store.put(
        [
            CandidateDocument(candidate_id="c-1", origin="user:a", provenance={},
                              structure=start.as_dict(), **fields),
            RelaxationDocument(relaxation_id="r-1", candidate_id="c-1", level="x",
                               stop_reason="converged", structure=end.as_dict(), **fields),
        ]
    )  # fmt: skip


def test_moments_of_the_candidate_are_those_of_its_relaxation(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    start = rocksalt(4.2, ("Mn", "O"))
    start.add_site_property("magmom", [5.0, -0.1])
    _kept(store, start, rocksalt(4.4, ("Mn", "O")))
    for identity in ("c-1", "r-1"):
        found, candidate = crystal_of(store, identity)
        assert (found.site_properties["magmom"], candidate) == ([5.0, -0.1], "c-1")
        assert found.volume == rocksalt(4.4).volume


def test_moments_of_other_atoms_are_not_taken(
    store: DaoStore, rocksalt: Callable[..., Structure]
) -> None:
    start = rocksalt(4.2, ("O", "Mn"))
    start.add_site_property("magmom", [0.0, 5.0])
    _kept(store, start, rocksalt(4.4, ("Mn", "O")))
    assert "magmom" not in crystal_of(store, "c-1")[0].site_properties
