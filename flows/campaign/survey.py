"""What the store says became of every candidate of a campaign, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.campaign import relaxation, screen
from flows.campaign.funnel import Funnel
from flows.campaign.ledger import Ledger
from flows.campaign.plan import Share
from stores.documents import CandidateDocument, RelaxationDocument

NOT_DONE = "not_done"
"""Reason of a candidate whose batch failed or has not been reached."""
UNUSABLE_STOPS = frozenset({"volume_guard", "distance_guard", "not_finite"})
"""Relaxations that ended here have no energy that may be ranked."""


@dataclass
class Survey:
    """A campaign as far as it has come.

    Attributes:
        funnel: Rows so far, and why each rejected candidate left.
        candidates: All proposed candidates by id.
        kept: Those that have left the last stage surveyed, in order.
        references: Formulas that are only there for the hull.
        energies: One-shot energies in eV/atom by candidate id.
        relaxations: Relaxations by candidate id.
        unique: Candidates that go into the screening.
        selected: Candidates that go into the relaxation.
    """

    funnel: Funnel
    candidates: dict[str, CandidateDocument]
    kept: list[str]
    references: frozenset[str]
    energies: dict[str, float] = field(default_factory=dict)
    relaxations: dict[str, RelaxationDocument] = field(default_factory=dict)
    unique: list[CandidateDocument] = field(default_factory=list)
    selected: list[CandidateDocument] = field(default_factory=list)

    def documents(self) -> list[CandidateDocument]:
        """The candidates that are kept."""
        return [self.candidates[key] for key in self.kept]


def survey_proposed(ledger: Ledger, shares: Sequence[Share]) -> Survey:
    """Load the proposed candidates and drop the invalid ones and exact repeats."""
    events = ledger.done([share.key for share in shares])
    ids = [
        key
        for share in shares
        if share.key in events
        for key in events[share.key].detail["outcome"]["candidate_ids"]
    ]
    unique_ids = list(dict.fromkeys(ids))
    found = ledger.store.find(CandidateDocument, {"candidate_id": {"$in": unique_ids}})
    candidates = {candidate.candidate_id: candidate for candidate in found}
    funnel = Funnel()
    funnel.begin("proposed", sum(share.n for share in shares), unique_ids, "source_exhausted")
    invalid = {key: c.rejection for key, c in candidates.items() if c.rejection}
    valid = funnel.pass_through("valid", unique_ids, invalid)
    kept = funnel.pass_through("unique", valid, _repeats([candidates[key] for key in valid]))
    references = frozenset(share.formula for share in shares if share.reference)
    return Survey(funnel, candidates, kept, references, unique=[candidates[k] for k in kept])


def survey_screened(survey: Survey, ledger: Ledger, level: str, relax: int) -> None:
    """Load the one-shot energies and keep the ``relax`` best; changes ``survey`` in place."""
    batches = screen.screening_batches(survey.unique)
    events = ledger.done([screen.batch_key(level, batch) for batch in batches])
    outcomes = {key: value for e in events.values() for key, value in e.detail["outcome"].items()}
    survey.energies = {key: value for key, value in outcomes.items() if value is not None}
    lost = {
        key: "no_finite_energy" if key in outcomes else NOT_DONE
        for key in survey.kept
        if key not in survey.energies
    }
    survey.kept = survey.funnel.pass_through("screened", survey.kept, lost)
    best = screen.lowest(survey.documents(), survey.energies, relax, survey.references)
    chosen = {candidate.candidate_id for candidate in best}
    rest = {key: "higher_energy" for key in survey.kept if key not in chosen}
    survey.kept = survey.funnel.pass_through("selected", survey.kept, rest)
    survey.selected = survey.documents()


def survey_relaxed(survey: Survey, ledger: Ledger, level: str) -> None:
    """Load the relaxations and keep those with an energy; changes ``survey`` in place."""
    keys = [relaxation.relaxation_key(candidate, level) for candidate in survey.selected]
    found = ledger.store.find(RelaxationDocument, {"relaxation_id": {"$in": keys}})
    survey.relaxations = {str(document.candidate_id): document for document in found}
    reasons = {key: _lost_in_relaxation(survey.relaxations.get(key)) for key in survey.kept}
    lost = {key: reason for key, reason in reasons.items() if reason}
    survey.kept = survey.funnel.pass_through("relaxed", survey.kept, lost)


def _repeats(candidates: Sequence[CandidateDocument]) -> dict[str, str]:
    """Every candidate whose crystal an earlier one had already."""
    first: set[str | None] = set()
    repeats = {}
    for candidate in candidates:
        if candidate.structure_id in first:
            repeats[candidate.candidate_id] = "duplicate"
        first.add(candidate.structure_id)
    return repeats


def _lost_in_relaxation(document: RelaxationDocument | None) -> str | None:
    """Why a relaxation cannot be ranked, or None if it can."""
    if document is None:
        return NOT_DONE
    if document.error:
        return "relaxation_error"
    if document.stop_reason in UNUSABLE_STOPS:
        return document.stop_reason
    return None if document.structure and document.energy_per_atom is not None else "no_structure"
