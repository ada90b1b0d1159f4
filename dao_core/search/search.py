"""A search: it is asked for the next pieces of work, is told what became of them, and ends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from dao_core import progress
from dao_core.errors import DaoError
from dao_core.search import proposing, relaxation, screening
from dao_core.search.planning import plan_round
from dao_core.search.prospects import Lowest
from dao_core.search.result import Failure
from dao_core.search.rounds import budgets
from dao_core.search.setup import SearchSetup
from dao_core.search.survey import Survey, survey_proposed, survey_relaxed, survey_screened
from dao_core.search.work import Piece, Propose, Relax, Screen, Work

PROPOSE, SCREEN, RELAX = "propose", "screen", "relax"
LOST = (DaoError, ArithmeticError, RuntimeError, ValueError, OSError)
"""What costs a piece of work alone when it is done here."""


class Search(SearchSetup):
    """The search of one request, driven from outside by ``ask`` and ``tell``, or by ``run``.

    What is asked for follows from the request and from what the memory holds. So a search may be
    killed at any time, and another one with the same request goes on to the same end; and its work
    may be done here, in tasks of Prefect, or on the workers of a cluster.

    Attributes:
        survey: What became of every candidate so far.
        round: The present round, from 0; the number of rounds when all are done.
        lost: What was lost on the way, files that cannot take part included.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Check and open everything, see :class:`SearchSetup`."""
        super().__init__(*args, **kwargs)
        self.survey = Survey()
        self.round = 0
        self.lost: list[Failure] = list(self.failures)
        self._stage = PROPOSE
        self._begun: tuple[int, str] | None = None
        self._told: set[str] = set()
        self._before: dict[str, Lowest] = {}

    @property
    def label(self) -> str:
        """The present round for people: ``2/4``."""
        return f"{self.round + 1}/{len(budgets(self.request))}"

    def ask(self, *, in_order: bool = False) -> list[Work]:
        """The next pieces of work; none when the search is done.

        Asking again without telling gives the same work. An error (a store that is away for a
        moment) leaves the search as it was.

        Args:
            in_order: They are going to be done one after the other, so that later ones may need
                what earlier ones find. Else they may be done side by side.
        """
        while self.round < len(budgets(self.request)):
            work = [one for one in self._work(in_order=in_order) if one.key not in self._told]
            if work:
                return work
            self._go_on()
        return []

    def tell(self, work: Piece, failure: Failure | None = None) -> None:
        """Say that a piece of work has ended.

        Args:
            work: One that was asked for.
            failure: Why it has no outcome, if it has none: its candidates stay where they are.
        """
        self._told.add(work.key)
        if failure is not None:
            self.lost.append(failure)

    def run(self) -> Survey:
        """Do all that is missing here, piece by piece; one that breaks costs itself alone."""
        while works := self.ask(in_order=True):
            for number, work in enumerate(works, start=1):
                failure = None
                try:
                    work.do(self)
                except LOST as error:
                    item = f"{work.stage} {number}/{len(works)}"
                    failure = Failure(item=item, stage=work.stage, reason=str(error))
                self.tell(work, failure)
        return self.survey

    def so_far(self) -> Survey:
        """The survey with what the present stage has brought by now; the search stays as it is."""
        survey = self.survey.copy()
        if self._stage == RELAX:
            survey_relaxed(survey, self)
        return survey

    def _work(self, *, in_order: bool) -> list[Work]:
        """What is missing of the present stage and can be done now."""
        if self._stage == PROPOSE:
            shares = plan_round(self, self.round, self.survey)
            return self._missing(
                [Propose(tuple(b)) for b in proposing.missing_batches(self, shares)]
            )
        if self._stage == SCREEN:
            batches = screening.screening_batches(self.survey.unique)
            return self._missing([Screen.of(batch, self.level) for batch in batches])
        return self._missing_relaxations(in_order=in_order)

    def _missing(self, works: Sequence[Work]) -> list[Work]:
        """Those pieces of work that are not done; told to who listens when a stage begins."""
        done = self.memory.done([work.key for work in works])
        missing = [work for work in works if work.key not in done]
        if self._begun != (self.round, self._stage):
            self._begun = (self.round, self._stage)
            if works:
                progress.begin(works[0].stage, sum(work.items for work in missing))
        return missing

    def _missing_relaxations(self, *, in_order: bool) -> list[Work]:
        """The batches that are not done; side by side only those of the first such tier."""
        best = {formula: lowest.energy for formula, lowest in self._before.items()}
        tiers = relaxation.search_tiers(self.survey.documents())
        before: list[str] = []
        works: list[list[Work]] = []
        for tier in tiers:
            works.append([Relax.of(batch, self.conditions, best, before) for batch in tier])
            before += relaxation.relaxation_keys([*chain(*tier)], self.conditions)
        left = self._missing([*chain(*works)])
        if in_order:
            return left
        missing = {work.key for work in left} - self._told
        for tier_works in works:
            if first := [work for work in tier_works if work.key in missing]:
                return first
        return []

    def _go_on(self) -> None:
        """Survey what the present stage brought and turn to the next."""
        survey = self.survey.copy()  # an error on the way must not leave half a survey
        if self._stage == PROPOSE:
            survey_proposed(survey, self, plan_round(self, self.round, self.survey))
            self.survey, self._stage = survey, SCREEN
        elif self._stage == SCREEN:
            self._before = survey.lowest()
            survey_screened(survey, self, budgets(self.request)[self.round].relax)
            self.survey, self._stage = survey, RELAX
        else:
            survey_relaxed(survey, self)
            self.survey, self._stage, self.round = survey, PROPOSE, self.round + 1
