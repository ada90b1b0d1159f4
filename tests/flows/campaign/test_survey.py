"""What the store says became of every candidate, from hand-made documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search.prospects import Prospect
from flows.campaign import relaxation, screen
from flows.campaign.conditions import Conditions
from flows.campaign.ledger import Ledger
from flows.campaign.plan import Share
from flows.campaign.propose import candidate_document
from flows.campaign.survey import Survey, survey_proposed, survey_relaxed, survey_screened
from stores import DaoStore, open_store
from stores.documents import CandidateDocument, RelaxationDocument
from stores.documents.base import composition_fields

LEVEL = "test-1"
CONDITIONS = Conditions(LEVEL, searching=True)
SHARE = Share(key="proposal-1", source="template", formula="MgO", z=1, natoms=2, n=6)


@pytest.fixture
def store() -> Iterator[DaoStore]:
    with open_store("memory://") as opened:
        yield opened


@pytest.fixture
def ledger(store: DaoStore) -> Ledger:
    return Ledger(store, "campaign-1")


def rocksalt(a: float) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]
    ).get_primitive_structure()


@pytest.fixture
def candidates(store: DaoStore, ledger: Ledger) -> list[CandidateDocument]:
    """Five of six that were asked for: three good ones, a repeat, and one with atoms too close."""
    structures = [rocksalt(4.2), rocksalt(4.4), rocksalt(4.6), rocksalt(4.2), rocksalt(1.5)]
    documents = [
        candidate_document(
            structure, {"origin": "template:x", "formula": "MgO", "z": 1, "index": index}
        )
        for index, structure in enumerate(structures)
    ]
    store.put(documents)
    ids = [document.candidate_id for document in documents]
    ledger.record(SHARE.key, "proposed", {"candidate_ids": ids}, 1.0)
    return documents


def screened(ledger: Ledger, energies: Sequence[float | None]) -> Survey:
    survey = Survey()
    survey_proposed(survey, ledger, [SHARE])
    (batch,) = screen.screening_batches(survey.unique)
    by_id = dict(zip([c.candidate_id for c in survey.unique], energies, strict=True))
    ledger.record(screen.batch_key(LEVEL, batch), screen.STAGE, by_id, 1.0)
    survey_screened(survey, ledger, LEVEL, relax=1)
    return survey


def test_proposed_valid_and_unique(ledger: Ledger, candidates: list[CandidateDocument]) -> None:
    survey = Survey()
    survey_proposed(survey, ledger, [SHARE])
    assert [row.left for row in survey.funnel.rows] == [5, 4, 3]
    assert survey.funnel.rows[0].rejected == {"source_exhausted": 1}
    assert survey.funnel.fates[candidates[3].candidate_id] == ("unique", "duplicate")
    assert survey.funnel.fates[candidates[4].candidate_id][0] == "valid"
    assert survey.kept == [candidate.candidate_id for candidate in candidates[:3]]


def test_screening_keeps_the_lowest_and_names_the_others(
    ledger: Ledger, candidates: list[CandidateDocument]
) -> None:
    survey = screened(ledger, [-5.0, -6.0, None])
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
    store: DaoStore,
    ledger: Ledger,
    candidates: list[CandidateDocument],
    stop_reason: str | None,
    fate: str | None,
) -> None:
    survey = screened(ledger, [-5.0, -6.0, -4.0])
    chosen = candidates[1]
    if stop_reason:
        store.put(
            RelaxationDocument(
                relaxation_id=relaxation.relaxation_key(chosen, CONDITIONS),
                candidate_id=chosen.candidate_id,
                level=LEVEL,
                energy_per_atom=-6.1,
                stop_reason=stop_reason,
                structure=rocksalt(4.21).as_dict(),
                **composition_fields(rocksalt(4.21)),
            )
        )
    survey_relaxed(survey, ledger, CONDITIONS)
    assert survey.kept == ([] if fate else [chosen.candidate_id])
    assert survey.funnel.fates.get(chosen.candidate_id) == (("relaxed", fate) if fate else None)


def test_compositions_take_turns_and_references_come_besides() -> None:
    def candidate(formula: str, index: int) -> CandidateDocument:
        structure = rocksalt(4.2 + index / 4)  # no two within a tenth of their volumes
        document = candidate_document(
            structure, {"origin": "x", "formula": "MgO", "z": 1, "index": f"{formula}{index}"}
        )
        return document.model_copy(update={"formula": formula})

    pool = [candidate(f, i) for f in ("MgO", "MgO2", "Mg") for i in range(4)]
    energies = {c.candidate_id: float(i) for i, c in enumerate(pool)}
    kept = screen.lowest(pool, energies, 3, references={"Mg"})
    assert [c.formula for c in kept.chosen] == ["MgO", "MgO2", "MgO", "Mg", "Mg"]
    assert kept.alike == []
    far = {"MgO2": Prospect(0.5, 0.0)}
    kept = screen.lowest(pool, energies, 4, references={"Mg"}, known=far)
    assert [c.formula for c in kept.chosen] == ["MgO", "MgO", "MgO", "MgO", "Mg", "Mg"]


def test_a_search_relaxes_the_most_promising_in_a_small_first_batch() -> None:
    documents = [
        candidate_document(
            rocksalt(4.2 + index / 50), {"origin": "x", "formula": "MgO", "z": 1, "index": index}
        )
        for index in range(30)
    ]
    batches = relaxation.search_batches(documents)
    assert [len(batch) for batch in batches] == [8, 16, 6]
    first = {candidate.candidate_id for candidate in batches[0]}
    assert first == {candidate.candidate_id for candidate in documents[:8]}


def test_nearly_equal_starts_are_relaxed_once() -> None:
    def candidate(a: float, index: int) -> CandidateDocument:
        return candidate_document(
            rocksalt(a), {"origin": "x", "formula": "MgO", "z": 1, "index": index}
        )

    before, twin, other = candidate(4.2, 0), candidate(4.21, 1), candidate(4.6, 2)
    energies = {before.candidate_id: -6.0, twin.candidate_id: -5.999, other.candidate_id: -5.5}
    kept = screen.lowest([twin, other], energies, 5, references=(), before=[before])
    assert kept.chosen == [other]
    assert kept.alike == [twin.candidate_id]


def test_a_second_round_adds_to_the_funnel_and_repeats_nothing(
    store: DaoStore, ledger: Ledger, candidates: list[CandidateDocument]
) -> None:
    survey = Survey()
    survey_proposed(survey, ledger, [SHARE])
    again = SHARE.model_copy(update={"key": "proposal-2", "first": 6, "n": 2})
    document = candidate_document(
        rocksalt(4.4), {"origin": "template:x", "formula": "MgO", "z": 1, "index": 7}
    )
    store.put(document)
    ids = [document.candidate_id, candidates[0].candidate_id]
    ledger.record(again.key, "proposed", {"candidate_ids": ids}, 1.0)
    survey_proposed(survey, ledger, [again])
    proposed, valid, unique = survey.funnel.rows
    assert (proposed.entered, proposed.left, valid.left, unique.left) == (8, 6, 5, 3)
    assert survey.funnel.fates[document.candidate_id] == ("unique", "duplicate")
    assert all(row.unaccounted == 0 for row in survey.funnel.rows)
    assert survey.kept == []


def test_what_one_round_leaves_over_may_be_relaxed_in_the_next(
    ledger: Ledger, candidates: list[CandidateDocument]
) -> None:
    survey = screened(ledger, [-5.0, -6.0, -4.0])
    survey_relaxed(survey, ledger, CONDITIONS)
    survey_proposed(survey, ledger, [])
    survey_screened(survey, ledger, LEVEL, relax=2)
    assert survey.kept == [candidates[0].candidate_id]
    survey_relaxed(survey, ledger, CONDITIONS)
    selected = next(row for row in survey.funnel.rows if row.stage == "selected")
    relaxed = next(row for row in survey.funnel.rows if row.stage == "relaxed")
    assert (selected.entered, selected.left) == (3, 2)
    assert selected.rejected == {"higher_energy": 1}
    assert (relaxed.entered, relaxed.rejected) == (2, {"not_done": 2})
