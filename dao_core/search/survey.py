"""What the memory says became of every candidate of a campaign, round by round, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, fields

from dao_core.hashing import content_id
from dao_core.hull import PhaseEntry
from dao_core.relax import RANKED_STOPS
from dao_core.search import relaxation, screening
from dao_core.search.choice import choose
from dao_core.search.funnel import Funnel
from dao_core.search.prospects import Lowest, Prospect, prospects
from dao_core.search.records import Candidate, RelaxedCandidate
from dao_core.search.setup import SearchSetup
from dao_core.search.share import Share

CHOICE = "selected"
NOT_DONE = "not_done"
"""Reason of a candidate whose batch failed or has not been reached."""


@dataclass
class Survey:
    """A campaign as far as it has come; each round adds to it.

    Attributes:
        funnel: Rows so far, all rounds together, and why each rejected candidate left.
        candidates: All proposed candidates by id.
        kept: Those of the last round that have left the last stage surveyed, in order.
        relaxed: Those of all rounds that have an energy to be ranked by, in order.
        references: Formulas that are only there for the hull.
        energies: One-shot energies in eV/atom by candidate id.
        relaxations: Relaxations by candidate id.
        screened: Those of all rounds that have a one-shot energy, in order.
        alike: Those of all rounds that are nearly equal to one that is relaxed.
        unique: Candidates of the last round that go into the screening.
        selected: Candidates of all rounds that go into the relaxation.
        shares: Of all rounds.
        short: Keys of the shares that brought fewer candidates than they were asked for.
        batches: Keys of the batches of all rounds, by stage.
    """

    funnel: Funnel = field(default_factory=Funnel)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    energies: dict[str, float] = field(default_factory=dict)
    relaxations: dict[str, RelaxedCandidate] = field(default_factory=dict)
    screened: list[str] = field(default_factory=list)
    alike: set[str] = field(default_factory=set)
    unique: list[Candidate] = field(default_factory=list)
    selected: list[Candidate] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    short: set[str] = field(default_factory=set)
    batches: dict[str, list[str]] = field(default_factory=dict)

    def copy(self) -> Survey:
        """One that may go on without this one; the documents of both are the same."""
        own = {one.name: copy(getattr(self, one.name)) for one in fields(self)}
        own["funnel"] = Funnel(list(self.funnel.rows), dict(self.funnel.fates))
        own["batches"] = {stage: list(keys) for stage, keys in self.batches.items()}
        return Survey(**own)

    def documents(self) -> list[Candidate]:
        """The candidates of the last round that are kept."""
        return [self.candidates[key] for key in self.kept]

    def lowest(self) -> dict[str, Lowest]:
        """The lowest relaxed energy of each reduced formula."""
        lowest: dict[str, Lowest] = {}
        for key in self.relaxed:
            found = self.relaxations[key]
            energy = found.energy_per_atom
            if energy is not None and (
                found.formula not in lowest or energy < lowest[found.formula].energy
            ):
                lowest[found.formula] = Lowest(energy, found.energy_std or 0.0)
        return lowest

    def prospects(self, level: str, competing: Sequence[PhaseEntry] = ()) -> dict[str, Prospect]:
        """How near to the hull every composition is or, from one-shot energies, seems."""
        screened: dict[str, float] = {}
        for key in self.screened:
            formula, energy = self.candidates[key].formula, self.energies[key]
            screened[formula] = min(energy, screened.get(formula, energy))
        return prospects(self.lowest(), screened, level, competing)


def survey_proposed(survey: Survey, search: SearchSetup, shares: Sequence[Share]) -> None:
    """Load the candidates of a round and drop the invalid ones and exact repeats."""
    done = search.memory.done([share.key for share in shares])
    ids: list[str] = []
    for share in shares:
        if share.key in done:
            came = done[share.key].outcome["candidate_ids"]
            ids.extend(came)
            if len(came) < share.n:
                survey.short.add(share.key)
    unique_ids = [key for key in dict.fromkeys(ids) if key not in survey.candidates]
    found = search.memory.candidates(unique_ids)
    candidates = {candidate.candidate_id: candidate for candidate in found}
    seen = {c.structure_id for c in survey.candidates.values() if not c.rejection}
    funnel = survey.funnel
    funnel.begin("proposed", sum(share.n for share in shares), unique_ids, "source_exhausted")
    invalid = {key: c.rejection for key, c in candidates.items() if c.rejection}
    valid = funnel.pass_through("valid", unique_ids, invalid)
    repeats = _repeats([candidates[key] for key in valid], seen)
    survey.kept = funnel.pass_through("unique", valid, repeats)
    survey.candidates.update(candidates)
    survey.references.update(share.formula for share in shares if share.reference)
    survey.shares.extend(shares)
    survey.unique = survey.documents()


def survey_screened(survey: Survey, search: SearchSetup, relax: int) -> None:
    """Load the one-shot energies of a round and keep the best, most promising first.

    Those that earlier rounds left over compete again. ``relax`` counts the relaxations of all
    rounds, so that what one does not use is left to the next.
    """
    batches = screening.screening_batches(survey.unique)
    keys = [screening.batch_key(search.level, batch) for batch in batches]
    survey.batches.setdefault(screening.STAGE, []).extend(keys)
    done = search.memory.done(keys).values()
    outcomes = {key: value for one in done for key, value in one.outcome.items()}
    survey.energies |= {key: value for key, value in outcomes.items() if value is not None}
    lost = {
        key: "no_finite_energy" if key in outcomes else NOT_DONE
        for key in survey.kept
        if key not in survey.energies
    }
    survey.kept = survey.funnel.pass_through("screened", survey.kept, lost)
    survey.screened.extend(survey.kept)
    before = {candidate.candidate_id for candidate in survey.selected}
    waiting = [
        key
        for key in survey.screened
        if key not in before
        and key not in survey.alike
        # Two phases of each composition that only competes on the hull are enough, for all rounds.
        and (key in survey.kept or survey.candidates[key].formula not in survey.references)
    ]
    used = sum(candidate.formula not in survey.references for candidate in survey.selected)
    choice = _chosen_once(survey, search, waiting, relax - used)
    survey.alike.update(choice["alike"])
    chosen = set(choice["chosen"])
    rest = {key: "higher_energy" for key in survey.screened if key not in before | chosen}
    rest |= dict.fromkeys(survey.alike, "near_duplicate")
    survey.funnel.restate("selected", survey.screened, rest)
    survey.kept = list(choice["chosen"])
    survey.selected = [*survey.selected, *survey.documents()]


def _chosen_once(
    survey: Survey, search: SearchSetup, waiting: Sequence[str], number: int
) -> dict[str, list[str]]:
    """Ids that are chosen, in order, and ids that are alike.

    Thousands of near repeats take minutes to tell apart. So a choice is kept under a key of all
    that decides it, for whenever it is asked for again.
    """
    content = {
        "screened": {key: survey.energies[key] for key in survey.screened},
        "waiting": waiting,
        "number": number,
        "references": sorted(survey.references),
        "before": [candidate.candidate_id for candidate in survey.selected],
        "relaxed": {f: [low.energy, low.doubt] for f, low in survey.lowest().items()},
        "level": search.level,
    }
    key = content_id(CHOICE, content)
    before = search.memory.done([key]).get(key)
    if before is not None:
        return dict(before.outcome)
    begun = time.monotonic()
    choice = choose(
        [survey.candidates[key] for key in waiting],
        survey.energies, number, survey.references, survey.selected, survey.prospects(search.level),
    )  # fmt: skip
    outcome = {"chosen": [c.candidate_id for c in choice.chosen], "alike": choice.alike}
    search.record(key, CHOICE, outcome, time.monotonic() - begun)
    return outcome


def survey_relaxed(survey: Survey, search: SearchSetup) -> None:
    """Load the relaxations of a round and keep those with an energy."""
    chosen = survey.documents()
    batches = relaxation.search_batches(chosen)
    survey.batches.setdefault(relaxation.STAGE, []).extend(
        relaxation.batch_key(search.conditions, batch) for batch in batches
    )
    keys = relaxation.relaxation_keys(chosen, search.conditions)
    found = search.memory.relaxed(keys)
    survey.relaxations |= {str(document.candidate_id): document for document in found}
    reasons = {key: _lost_in_relaxation(survey.relaxations.get(key)) for key in survey.kept}
    lost = {key: reason for key, reason in reasons.items() if reason}
    survey.kept = survey.funnel.pass_through("relaxed", survey.kept, lost)
    survey.relaxed.extend(survey.kept)


def _repeats(candidates: Sequence[Candidate], before: set[str | None]) -> dict[str, str]:
    """Every candidate whose crystal an earlier one had already."""
    seen = set(before)
    repeats = {}
    for candidate in candidates:
        if candidate.structure_id in seen:
            repeats[candidate.candidate_id] = "duplicate"
        seen.add(candidate.structure_id)
    return repeats


def _lost_in_relaxation(document: RelaxedCandidate | None) -> str | None:
    """Why a relaxation cannot be ranked, or None if it can."""
    if document is None:
        return NOT_DONE
    if document.error:
        return "relaxation_error"
    if document.stop_reason not in RANKED_STOPS:
        return document.stop_reason
    return None if document.structure and document.energy_per_atom is not None else "no_structure"
