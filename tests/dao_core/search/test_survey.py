"""What the memory says became of every candidate, from hand-made records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search import relaxation, screening
from dao_core.search.choice import choose
from dao_core.search.conditions import Conditions
from dao_core.search.in_memory import InMemory
from dao_core.search.prospects import Prospect
from dao_core.search.records import Candidate, RelaxedCandidate
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share
from dao_core.search.survey import Survey, survey_proposed, survey_relaxed, survey_screened

LEVEL = "test-1"
CONDITIONS = Conditions(LEVEL, searching=True)
SHARE = Share(key="proposal-1", source="template", formula="MgO", z=1, natoms=2, n=6)


class Opened(SearchSetup):
    """What surveys need of a search: memory, level and conditions."""

    def __init__(self) -> None:
        self.memory = InMemory()
        self.conditions = CONDITIONS
        self.search_id = "search-1"


@pytest.fixture
def search() -> Opened:
    return Opened()


def rocksalt(a: float) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]
    ).get_primitive_structure()


@pytest.fixture
def candidates(search: Opened) -> list[Candidate]:
    """Five of six that were asked for: three good ones, a repeat, and one with atoms too close."""
    structures = [rocksalt(4.2), rocksalt(4.4), rocksalt(4.6), rocksalt(4.2), rocksalt(1.5)]
    documents = [
        Candidate.of(structure, {"origin": "template:x", "formula": "MgO", "z": 1, "index": index})
        for index, structure in enumerate(structures)
    ]
    search.memory.put_candidates(documents)
    ids = [document.candidate_id for document in documents]
    search.record(SHARE.key, "proposed", {"candidate_ids": ids}, 1.0)
    return documents


def screened(search: Opened, energies: Sequence[float | None]) -> Survey:
    survey = Survey()
    survey_proposed(survey, search, [SHARE])
    (batch,) = screening.screening_batches(survey.unique)
    by_id = dict(zip([c.candidate_id for c in survey.unique], energies, strict=True))
    search.record(screening.batch_key(LEVEL, batch), screening.STAGE, by_id, 1.0)
    survey_screened(survey, search, relax=1)
    return survey


def test_proposed_valid_and_unique(search: Opened, candidates: list[Candidate]) -> None:
    survey = Survey()
    survey_proposed(survey, search, [SHARE])
    assert [row.left for row in survey.funnel.rows] == [5, 4, 3]
    assert survey.funnel.rows[0].rejected == {"source_exhausted": 1}
    assert survey.funnel.fates[candidates[3].candidate_id] == ("unique", "duplicate")
    assert survey.funnel.fates[candidates[4].candidate_id][0] == "valid"
    assert survey.kept == [candidate.candidate_id for candidate in candidates[:3]]


def test_screening_keeps_the_lowest_and_names_the_others(
    search: Opened, candidates: list[Candidate]
) -> None:
    survey = screened(search, [-5.0, -6.0, None])
    assert survey.kept == [candidates[1].candidate_id]
    assert survey.funnel.fates[candidates[0].candidate_id] == ("selected", "higher_energy")
    assert survey.funnel.fates[candidates[2].candidate_id] == ("screened", "no_finite_energy")


@pytest.mark.parametrize(
    ("stop_reason", "fate"),
    [
        ("converged", None),
        ("stalled", None),
        ("max_steps", "max_steps"),
        ("energy_floor", "energy_floor"),
        ("energy_jump", "energy_jump"),
        ("volume_guard", "volume_guard"),
        ("hopeless", "hopeless"),
        (None, "not_done"),
    ],
)
def test_relaxations_that_cannot_be_ranked_leave_with_their_reason(
    search: Opened,
    candidates: list[Candidate],
    stop_reason: str | None,
    fate: str | None,
) -> None:
    survey = screened(search, [-5.0, -6.0, -4.0])
    chosen = candidates[1]
    if stop_reason:
        relaxed = RelaxedCandidate(
            relaxation_id=relaxation.relaxation_key(chosen, CONDITIONS),
            candidate_id=chosen.candidate_id,
            level=LEVEL,
            energy_per_atom=-6.1,
            stop_reason=stop_reason,
            structure=rocksalt(4.21).as_dict(),
            formula="MgO",
            nsites=2,
        )
        search.memory.put_relaxed([relaxed], search.search_id)
    survey_relaxed(survey, search)
    assert survey.kept == ([] if fate else [chosen.candidate_id])
    assert survey.funnel.fates.get(chosen.candidate_id) == (("relaxed", fate) if fate else None)


def test_compositions_take_turns_and_references_come_besides() -> None:
    def candidate(formula: str, index: int) -> Candidate:
        structure = rocksalt(4.2 + index / 4)  # no two within a tenth of their volumes
        document = Candidate.of(
            structure, {"origin": "x", "formula": "MgO", "z": 1, "index": f"{formula}{index}"}
        )
        return replace(document, formula=formula)

    pool = [candidate(f, i) for f in ("MgO", "MgO2", "Mg") for i in range(4)]
    energies = {c.candidate_id: float(i) for i, c in enumerate(pool)}
    kept = choose(pool, energies, 3, references={"Mg"})
    assert [c.formula for c in kept.chosen] == ["MgO", "MgO2", "MgO", "Mg", "Mg"]
    assert kept.alike == []
    far = {"MgO2": Prospect(0.5, 0.0)}
    kept = choose(pool, energies, 4, references={"Mg"}, known=far)
    assert [c.formula for c in kept.chosen] == ["MgO", "MgO", "MgO", "MgO", "Mg", "Mg"]


def test_the_likeliest_structure_types_of_a_composition_are_relaxed_before_anything_lower() -> None:
    def candidate(index: int, probability: float | None) -> Candidate:
        origin = {"origin": "dao-g", "formula": "MgO", "z": 1, "index": index}
        return Candidate.of(rocksalt(4.2 + index), origin | {"probability": probability})

    chances = (None, 0.1, 0.4, 0.2, 0.05, None)
    pool = [candidate(index, chance) for index, chance in enumerate(chances)]
    energies = {one.candidate_id: float(index) for index, one in enumerate(pool)}
    kept = choose(pool, energies, 5, references=())
    assert kept.chosen == [pool[i] for i in (1, 2, 3, 0, 4)]  # three types, then by energy
    later = choose([pool[4], pool[5]], energies, 1, references=(), before=pool[:4])
    assert later.chosen == [pool[4]]  # by its energy: the three are relaxed already


def test_a_search_relaxes_the_most_promising_in_a_small_first_batch() -> None:
    documents = [
        Candidate.of(
            rocksalt(4.2 + index / 50), {"origin": "x", "formula": "MgO", "z": 1, "index": index}
        )
        for index in range(30)
    ]
    batches = relaxation.search_batches(documents)
    assert [len(batch) for batch in batches] == [8, 16, 6]
    first = {candidate.candidate_id for candidate in batches[0]}
    assert first == {candidate.candidate_id for candidate in documents[:8]}


def test_nearly_equal_starts_are_relaxed_once() -> None:
    def candidate(a: float, index: int) -> Candidate:
        return Candidate.of(rocksalt(a), {"origin": "x", "formula": "MgO", "z": 1, "index": index})

    before, twin, other = candidate(4.2, 0), candidate(4.21, 1), candidate(4.6, 2)
    energies = {before.candidate_id: -6.0, twin.candidate_id: -5.999, other.candidate_id: -5.5}
    kept = choose([twin, other], energies, 5, references=(), before=[before])
    assert kept.chosen == [other]
    assert kept.alike == [twin.candidate_id]


def test_a_second_round_adds_to_the_funnel_and_repeats_nothing(
    search: Opened, candidates: list[Candidate]
) -> None:
    survey = Survey()
    survey_proposed(survey, search, [SHARE])
    again = SHARE.model_copy(update={"key": "proposal-2", "first": 6, "n": 2})
    document = Candidate.of(
        rocksalt(4.4), {"origin": "template:x", "formula": "MgO", "z": 1, "index": 7}
    )
    search.memory.put_candidates([document])
    ids = [document.candidate_id, candidates[0].candidate_id]
    search.record(again.key, "proposed", {"candidate_ids": ids}, 1.0)
    survey_proposed(survey, search, [again])
    proposed, valid, unique = survey.funnel.rows
    assert (proposed.entered, proposed.left, valid.left, unique.left) == (8, 6, 5, 3)
    assert survey.funnel.fates[document.candidate_id] == ("unique", "duplicate")
    assert all(row.unaccounted == 0 for row in survey.funnel.rows)
    assert survey.kept == []


def test_what_one_round_leaves_over_may_be_relaxed_in_the_next(
    search: Opened, candidates: list[Candidate]
) -> None:
    survey = screened(search, [-5.0, -6.0, -4.0])
    survey_relaxed(survey, search)
    survey_proposed(survey, search, [])
    survey_screened(survey, search, relax=2)
    assert survey.kept == [candidates[0].candidate_id]
    survey_relaxed(survey, search)
    selected = next(row for row in survey.funnel.rows if row.stage == "selected")
    relaxed = next(row for row in survey.funnel.rows if row.stage == "relaxed")
    assert (selected.entered, selected.left) == (3, 2)
    assert selected.rejected == {"higher_energy": 1}
    assert (relaxed.entered, relaxed.rejected) == (2, {"not_done": 2})
