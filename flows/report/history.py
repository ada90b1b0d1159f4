"""What became of a chemical system over its campaigns: the rounds of the loop, for the reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, NonNegativeInt

from dao_core.record import Record


class Round(Record):
    """One campaign of a system.

    Attributes:
        campaign_id: Its id.
        started: When it began.
        finished: When it ended; None while it runs.
        state: ``running``, ``done`` or ``failed``.
        level: Level of its energies; it names the model, and no two levels share a hull.
        models: Hash of each model that took part, by name.
        proposed: Candidates that were proposed.
        relaxed: Of these, relaxed to an energy.
        ranked: Distinct structures.
        on_hull: Structures on the hull.
        new_on_hull: Of these, new to the store.
        labels: Labels of the system and its subsystems in the store when it ended.
        seconds: Of all its batches.
        core_hours: Of its DFT checks.
        failures: Items that were lost.
    """

    campaign_id: str
    started: datetime
    finished: datetime | None
    state: str
    level: str
    models: dict[str, str] = Field(default_factory=dict)
    proposed: NonNegativeInt = 0
    relaxed: NonNegativeInt = 0
    ranked: NonNegativeInt = 0
    on_hull: NonNegativeInt = 0
    new_on_hull: NonNegativeInt = 0
    labels: NonNegativeInt = 0
    seconds: float = Field(default=0.0, ge=0)
    core_hours: float = Field(default=0.0, ge=0)
    failures: NonNegativeInt = 0


class PhaseTrack(Record):
    """A phase that was on the hull in some round, and where it was in each.

    Attributes:
        formula: Reduced formula.
        space_group: Hermann-Mauguin symbol.
        above_hull: eV/atom in each round at that round's level; None where it was not ranked.
    """

    formula: str
    space_group: str
    above_hull: tuple[float | None, ...]


class LabelCount(Record):
    """Labels of one level and source.

    Attributes:
        level: Level of their energies.
        source: Where they came from; ``validation`` are our own DFT checks.
        count: How many.
        latest: When the last came.
    """

    level: str
    source: str
    count: NonNegativeInt
    latest: datetime


class ModelStep(Record):
    """A model that began to serve, or was kept from it.

    Attributes:
        kind: ``generator`` or ``predictor``.
        name: Its name.
        model_id: Its hash.
        action: What happened to it.
        when: When.
        reason: Why.
        monitors: What was watched of the loop in that round: drift of predicted against labelled
            energies (eV/atom), unique fraction, distribution shift, share of own output.
    """

    kind: str
    name: str
    model_id: str
    action: Literal["promote", "rollback", "reject"]
    when: datetime
    reason: str = ""
    monitors: dict[str, Any] = Field(default_factory=dict)


class SystemHistory(Record):
    """A chemical system over time.

    Attributes:
        chemsys: Its elements.
        rounds: Its campaigns, the first first.
        phases: Phases that were on the hull.
        labels: Labels of the system and its subsystems.
        models: What happened to the models of the store.
        core_hours: Of all DFT checks of crystals of the system, with or without a campaign.
        stop_reason: Why another round is not worth it, or None.
    """

    chemsys: str
    rounds: tuple[Round, ...] = ()
    phases: tuple[PhaseTrack, ...] = ()
    labels: tuple[LabelCount, ...] = ()
    models: tuple[ModelStep, ...] = ()
    core_hours: float = Field(default=0.0, ge=0)
    stop_reason: str | None = None
