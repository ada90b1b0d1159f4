"""What a better DAO-P would relax differently is relaxed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from dao_core.hashing import content_id
from dao_core.potentials import Potential
from dao_core.predictor.potential import load_predictor
from dao_core.relax import Relaxation, relax
from dao_core.search.conditions import RELAX_SETTINGS
from dao_core.search.records import RelaxedCandidate, outcome
from flows.retraining.models import file_of, level_of, serving_or_shipped
from stores import DaoStore
from stores.documents import RelaxationDocument
from stores.search_memory import StoreMemory

RELAXED_AT_ONCE = 64
"""Crystals of a batch. It is written whole: a crystal's last digits depend on its neighbours."""


def relax_again(store: DaoStore, predictors: Sequence[str], at_most: int) -> int:
    """Bring relaxations of previous DAO-Ps to the minima of the one that serves now.

    A crystal at which the better one finds no force and no stress stays as it is, with the new
    energy. What is there already is not done again.

    Args:
        store: The store.
        predictors: Ids of the previous ones.
        at_most: How many relaxations are looked at, the lowest first.

    Returns:
        How many crystals have moved.
    """
    serves = serving_or_shipped(store, "predictor")
    levels = [level_of(one) for one in predictors if one != serves.id]
    if not levels or not at_most:
        return 0
    criteria = {"level": {"$in": levels}, "converged": True, "pressure": 0.0}
    order = {"energy_per_atom": 1, "relaxation_id": 1}
    found = list(store.find(RelaxationDocument, criteria, sort=order, limit=at_most))
    potential = load_predictor(file_of(store, serves))
    for first in range(0, len(found), RELAXED_AT_ONCE):
        _relax_missing(store, found[first : first + RELAXED_AT_ONCE], potential)
    ids = [_again_id(one, potential.level) for one in found]
    moved = {"relaxation_id": {"$in": ids}, "converged": True, "steps": {"$gt": 0}}
    return store.relaxations.count(moved)


def _relax_missing(
    store: DaoStore, part: Sequence[RelaxationDocument], potential: Potential
) -> None:
    """Relax further what the store does not have of some relaxations, and write what comes."""
    known = store.known_ids(RelaxationDocument, [_again_id(one, potential.level) for one in part])
    pairs = [
        (one, start)
        for one in part
        if _again_id(one, potential.level) not in known and (start := one.to_pymatgen()) is not None
    ]
    ends = relax([start for _, start in pairs], potential, RELAX_SETTINGS)
    memory = StoreMemory(store)
    with memory.together():
        for (old, _), end in zip(pairs, ends, strict=True):
            memory.put_relaxed([_relaxed(old, end)], *old.campaign_ids)


def _relaxed(old: RelaxationDocument, end: Relaxation) -> RelaxedCandidate:
    """What became of the end of an old relaxation."""
    return RelaxedCandidate(
        relaxation_id=_again_id(old, end.level),
        initial_structure_id=old.structure_id,
        level=end.level,
        energy_per_atom_before=end.energy_per_atom_before,
        settings={**asdict(RELAX_SETTINGS), "from": old.relaxation_id},
        **outcome(end, old.formula, old.nsites),
    )


def _again_id(old: RelaxationDocument, level: str) -> str:
    return content_id("r", {"from": old.relaxation_id, "level": level,
                             "settings": asdict(RELAX_SETTINGS)})  # fmt: skip
