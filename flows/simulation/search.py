"""One search with one seed: campaigns, labels and retraining in a store of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dao_core.drafts import draft_of
from dao_core.evaluation.discovery import KnownPhase, first_arrivals, heights
from dao_core.evaluation.simulation.answer import Answer, holdout_crystals
from dao_core.evaluation.simulation.request import Arm, SimulationRequest
from dao_core.evaluation.simulation.round import Round, known_round
from dao_core.potentials import Potential
from dao_core.training.retraining_outcome import Outcome
from dao_core.training.retraining_settings import GENERATOR_RETRAINING, PREDICTOR_RETRAINING
from flows.campaign.flow import campaign as campaign_flow
from flows.campaign.request import CampaignRequest
from flows.report.summary import CampaignSummary
from flows.retraining.flow import retrain as retrain_flow
from flows.retraining.request import RetrainRequest
from flows.simulation.labelling import PREDICTED, choose, keep, label, label_of
from stores import DaoStore, open_store
from stores.builders import register_test_set
from stores.documents import CampaignDocument, LabelDocument, RelaxationDocument

HOLDOUT, CORNER = "holdout", "elements"
"""Sources of labels that no search paid for."""
SEEDS_APART = 1000
"""Between the campaigns of neighbouring seeds: more than anybody's rounds."""
BENEATH = 1e-3
"""eV/atom below the hull of the known phases: a phase that the reference does not have."""


@dataclass(frozen=True)
class Search:
    """One search.

    Attributes:
        request: The simulation.
        arm: How it searches.
        seed: Its seed.
        folder: Where its store and results lie.
        answer: What there is to find.
        truth: What labels.
    """

    request: SimulationRequest
    arm: Arm
    seed: int
    folder: Path
    answer: Answer
    truth: Potential

    @property
    def store(self) -> str:
        """URI of its store."""
        return str(self.folder / "store")

    def run(self) -> list[Round]:
        """All rounds; finished ones are read, a broken one goes on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rounds = []
        for number in range(self.request.rounds):
            file = self.folder / f"round-{number}.json"
            done = known_round(file)
            if done is None:
                done = self._round(number)
                with draft_of(file) as draft:
                    draft.write_text(done.model_dump_json(), encoding="utf-8")
            rounds.append(done)
        return rounds

    def _round(self, number: int) -> Round:
        begun = time.monotonic()
        summary = self._campaign(number)
        with open_store(self.store) as store:
            keep(store, [label_of(one.structure, self.truth, CORNER) for one in self._elements()])
            relaxed = _relaxed(store, summary.campaign_id)
            chosen = choose(store, summary.ranking, number, self.request.labels)
            labels = label(store, chosen, self.truth, number)
        found = first_arrivals([one.to_pymatgen() for one in relaxed], self.answer.wanted)
        confirmed = first_arrivals([one.to_pymatgen() for one in labels], self.answer.wanted)
        moved, outcomes = self._retrained(number)
        return Round(
            campaign_id=summary.campaign_id,
            relaxations=len(relaxed),
            relaxed_again=moved,
            labels=len(chosen),
            lost=len(chosen) - len(labels),
            found={name: n for name, n in found.items() if n},
            confirmed={name: n for name, n in confirmed.items() if n},
            beneath=self._beneath(labels),
            error=_error(labels),
            outcomes=tuple(outcomes),
            seconds=round(time.monotonic() - begun, 1),
        )

    def _campaign(self, number: int) -> CampaignSummary:
        """The campaign of a round; a finished one is not asked for again, as models may differ."""
        out = self.folder / f"campaign-{number}"
        known = self._finished(number)
        if known is None:
            asked = self.request
            campaign_flow(
                CampaignRequest(
                    targets=(asked.system,),
                    candidates=asked.relax if self.arm.relaxes_all else asked.candidates,
                    relax=asked.relax,
                    max_atoms=asked.max_atoms,
                    seed=self._campaign_seed(number),
                    sources=self.arm.sources,
                    store=self.store,
                    out=str(out),
                    force=True,
                )
            )
            known = self._finished(number)
        if known is None:
            raise RuntimeError(f"the campaign of round {number} ended without a result")
        return known

    def _finished(self, number: int) -> CampaignSummary | None:
        """The result of the campaign of a round, once the store has it."""
        with open_store(self.store) as store:
            found = store.find(CampaignDocument, {"seeds.campaign": self._campaign_seed(number)})
            summaries = [one.summary for one in found if one.summary]
        return CampaignSummary.model_validate(summaries[0]) if summaries else None

    def _campaign_seed(self, number: int) -> int:
        """The seed of the campaign of a round, by which the store knows it."""
        return self.seed * SEEDS_APART + number

    def _retrained(self, number: int) -> tuple[int, Sequence[Outcome]]:
        """Retrain where a later round can profit: moved relaxations, and the outcomes."""
        if not self.arm.retrains or number + 1 == self.request.rounds:
            return 0, ()
        with open_store(self.store) as store:
            crystals = holdout_crystals(self.request)
            register_test_set(store, HOLDOUT, crystals)
            keep(store, [label_of(one, self.truth, HOLDOUT) for one in crystals])
        report = retrain_flow(
            RetrainRequest(
                level=self.truth.level,
                holdout=HOLDOUT,
                replay=tuple(str(file) for file in self.request.replay),
                predictor=replace(PREDICTOR_RETRAINING, steps=self.request.steps),
                generator=replace(GENERATOR_RETRAINING, steps=self.request.steps),
                store=self.store,
            )
        )
        return report.moved, report.outcomes

    def _elements(self) -> list[KnownPhase]:
        """The corners of the hull, which DFT computes too; they do not count as labels."""
        lowest: dict[str, KnownPhase] = {}
        for phase in sorted(self.answer.phases, key=lambda one: one.energy_per_atom):
            if len(phase.structure.composition.elements) == 1:
                lowest.setdefault(phase.structure.composition.reduced_formula, phase)
        return list(lowest.values())

    def _beneath(self, labels: Sequence[LabelDocument]) -> int:
        above = heights(
            [one.to_pymatgen() for one in labels],
            [float(one.energy_per_atom or 0.0) for one in labels],
            self.answer.phases,
            self.answer.level,
        )
        return sum(height is not None and height < -BENEATH for height in above)


def _relaxed(store: DaoStore, campaign_id: str) -> list[RelaxationDocument]:
    """The relaxations that a campaign made itself, in their order."""
    found = store.find(RelaxationDocument, {"campaign_ids": campaign_id})
    own = [one for one in found if one.campaign_ids[0] == campaign_id and one.candidate_id]
    return sorted(own, key=lambda one: (one.last_updated, one.relaxation_id))


def _error(labels: Sequence[LabelDocument]) -> float | None:
    gaps = [
        abs(one.properties[PREDICTED] - one.energy_per_atom)
        for one in labels
        if one.energy_per_atom is not None
    ]
    return float(np.mean(gaps)) if gaps else None
