"""Third stage: relax the best candidates in batches, and write what each became."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from dao_core import progress
from dao_core.hashing import content_id
from dao_core.potentials import Potential
from dao_core.potentials.second_opinion import second_opinion
from dao_core.relax import Relaxation, enthalpy_per_atom, idealised, relax
from dao_core.search.batches import by_atoms
from dao_core.search.conditions import Conditions
from dao_core.search.memory import SearchMemory
from dao_core.search.records import Candidate, RelaxedCandidate, outcome
from dao_core.search.setup import SearchSetup

STAGE = "relaxed"
FIRST_TIER = 8
MAX_ATOMS = 256
MAX_CRYSTALS = 16
"""A batch is written whole, and a killed one is done again whole: a crystal's last digits depend
on its neighbours in the batch, and the store of a resumed campaign must equal an undisturbed one.
So a batch is small enough to be lost."""


def relaxation_key(candidate: Candidate, conditions: Conditions) -> str:
    """Id of the relaxation of a candidate under some conditions."""
    content = {
        "candidate_id": candidate.candidate_id,
        "level": conditions.level,
        "settings": conditions.as_dict(),
    }
    return content_id("r", content)


def relaxation_batches(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The batches in which candidates are relaxed, equal for equal candidates."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.nsites, candidate.candidate_id))
    return by_atoms(ordered, lambda c: c.nsites, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def search_tiers(chosen: Sequence[Candidate]) -> list[list[list[Candidate]]]:
    """The batches of a search, in tiers of doubling length, the most promising first.

    What the tiers before find is the standard by which later relaxations are hopeless or not, so
    that the batches of one tier may be relaxed in any order, or side by side.
    """
    tiers: list[list[list[Candidate]]] = []
    first, length = 0, FIRST_TIER
    while first < len(chosen):
        tiers.append(relaxation_batches(chosen[first : first + length]))
        first, length = first + length, 2 * length
    return tiers


def search_batches(chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """The batches of all tiers, in their order."""
    return [batch for tier in search_tiers(chosen) for batch in tier]


def batch_key(conditions: Conditions, batch: Sequence[Candidate]) -> str:
    """Content key of a batch of relaxations under some conditions."""
    return content_id(STAGE, {"relaxations": relaxation_keys(batch, conditions)})


def relax_batch(
    search: SearchSetup,
    batch: Sequence[Candidate],
    best: Mapping[str, float],
    before: Sequence[str],
) -> None:
    """Relax what is missing of a batch, and keep it when it is done.

    Args:
        search: The search.
        batch: One of :func:`search_tiers`.
        best: Lowest energy of each reduced formula in earlier rounds, eV/atom.
        before: Ids of the relaxations of all tiers before that of the batch.
    """
    begun = time.monotonic()
    relax_missing(
        batch,
        search.potential,
        search.memory,
        search.conditions,
        search_id=search.search_id,
        best=_lowered(best, search.memory, before),  # one standard for all batches of a tier
    )
    search.record(batch_key(search.conditions, batch), STAGE, {}, time.monotonic() - begun)


def relaxation_keys(candidates: Sequence[Candidate], conditions: Conditions) -> list[str]:
    """Ids of the relaxations of some candidates."""
    return [relaxation_key(candidate, conditions) for candidate in candidates]


def _lowered(
    best: Mapping[str, float], memory: SearchMemory, keys: Sequence[str]
) -> dict[str, float]:
    """The lowest energies once some relaxations are counted in."""
    lowest = dict(best)
    for formula, energy in memory.converged_energies(keys):
        lowest[formula] = min(energy, lowest.get(formula, energy))
    return lowest


def relax_missing(
    candidates: Sequence[Candidate],
    potential: Potential,
    memory: SearchMemory,
    conditions: Conditions,
    *,
    search_id: str | None = None,
    best: Mapping[str, float] | None = None,
) -> None:
    """Relax together those candidates that the memory does not know relaxed like this.

    Args:
        candidates: All with a structure.
        potential: What relaxes them.
        memory: Where to look and to keep.
        conditions: How they are relaxed.
        search_id: The search that wants them, if one does.
        best: Lowest energy known of each reduced formula, eV/atom, for a search.
    """
    keys = {c.candidate_id: relaxation_key(c, conditions) for c in candidates}
    known = memory.known_relaxations(list(keys.values()))
    missing = [c for c in candidates if keys[c.candidate_id] not in known]
    progress.advance(STAGE, len(candidates) - len(missing))
    progress.at(STAGE, (c.formula for c in missing))
    relaxations = relax(
        [structure for c in missing if (structure := c.to_pymatgen()) is not None],
        potential,
        conditions.settings,
        on_finish=lambda *_: progress.advance(STAGE),
        best=(best or {}) if conditions.searching else None,
        second=second_opinion(potential, conditions.settings.pressure),
    )
    if conditions.searching:
        relaxations = idealised(relaxations, potential, conditions.settings)
    relaxed = [
        _relaxed(candidate, relaxation, conditions)
        for candidate, relaxation in zip(missing, relaxations, strict=True)
    ]
    memory.put_relaxed(relaxed, *([search_id] if search_id else []))


def _enthalpy_before(candidate: Candidate, relaxation: Relaxation) -> float | None:
    """Of the start, like the enthalpy of the end that it stands beside, eV/atom."""
    start = candidate.to_pymatgen()
    if start is None:
        return None
    return enthalpy_per_atom(
        relaxation.energy_per_atom_before, start.volume / len(start), relaxation.pressure
    )


def _relaxed(
    candidate: Candidate, relaxation: Relaxation, conditions: Conditions
) -> RelaxedCandidate:
    """What became of one candidate."""
    return RelaxedCandidate(
        relaxation_id=relaxation_key(candidate, conditions),
        candidate_id=candidate.candidate_id,
        initial_structure_id=candidate.structure_id,
        level=conditions.level,
        energy_per_atom_before=_enthalpy_before(candidate, relaxation),
        settings=conditions.as_dict(),
        **outcome(relaxation, candidate.formula, candidate.nsites),
    )
