"""The history of a chemical system, gathered from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from dao_core.hull import ON_HULL
from dao_core.search import relaxation
from dao_core.search.preflight import READING
from dao_core.search.selection import stop_reason
from flows.report.history import LabelCount, ModelStep, PhaseTrack, Round, SystemHistory
from flows.report.summary import CampaignSummary, RankedStructure
from stores import DaoStore
from stores.documents import CampaignDocument, EventDocument, ModelDocument, ModelKind
from stores.registry import history as promotions

PATIENCE = 3
"""Rounds without a new phase on the hull after which a system counts as finished."""
PHASES_SHOWN = 60
KINDS: tuple[ModelKind, ...] = ("generator", "predictor")


def with_history(store: DaoStore, summary: CampaignSummary) -> CampaignSummary:
    """The summary of a campaign with the history of its system as the store has it now."""
    chemsys = "-".join(sorted(summary.elements))
    return summary.model_copy(update={"history": history_of(store, chemsys, current=summary)})


def history_of(
    store: DaoStore,
    chemsys: str,
    patience: int = PATIENCE,
    core_hours: float | None = None,
    *,
    current: CampaignSummary | None = None,
) -> SystemHistory:
    """The campaigns of a system with labels, models, cost, and whether another is worth it.

    Args:
        store: Where it is kept.
        chemsys: Elements, sorted: ``Mg-O``.
        patience: So many rounds without a new phase on the hull end the search.
        core_hours: What DFT of the system may cost; None for no limit.
        current: A campaign that has just ended and is not written yet.
    """
    documents = list(store.find(CampaignDocument, {"chemsys": chemsys}, sort={"started": 1}))
    documents = [_up_to_date(document, current) for document in documents]
    summaries = [_summary(document) for document in documents]
    systems = _subsystems(chemsys)
    labels = list(
        store.labels.query({"chemsys": {"$in": systems}}, ["level", "source", "last_updated"])
    )
    rounds = [
        _round(document, summary, labels)
        for document, summary in zip(documents, summaries, strict=True)
    ]
    spent = _core_hours(store, systems)
    finished = [one for one in rounds if one.finished is not None]
    return SystemHistory(
        chemsys=chemsys,
        rounds=tuple(rounds),
        phases=tuple(_tracks(summaries)),
        labels=tuple(label_counts(labels)),
        models=tuple(model_steps(store)),
        core_hours=spent,
        stop_reason=stop_reason([one.new_on_hull for one in finished], patience, spent, core_hours),
    )


def model_steps(store: DaoStore) -> list[ModelStep]:
    """Promotions, rollbacks and rejections of all models, the first first."""
    models = {model.id: model for model in store.find(ModelDocument)}
    steps = [
        _step(models[one.model_id], one.action, one.promoted, one.reason)
        for kind in KINDS
        for one in promotions(store, kind)
    ]
    steps += [
        _step(models[event.subject], "reject", event.happened, event.reason or "")
        for event in store.find(EventDocument, {"kind": "model_rejected"})
        if event.subject in models
    ]
    return sorted(steps, key=lambda step: step.when)


def _step(model: ModelDocument, action: str, when: datetime, reason: str) -> ModelStep:
    return ModelStep.model_validate(
        {
            "kind": model.kind,
            "name": model.name,
            "model_id": model.id,
            "action": action,
            "when": when,
            "reason": reason,
            "monitors": {k: v for k, v in model.card.get("monitors", {}).items() if v is not None},
        }
    )


def _up_to_date(document: CampaignDocument, current: CampaignSummary | None) -> CampaignDocument:
    if current is None or current.campaign_id != document.campaign_id:
        return document
    lost = [failure for failure in current.failures if failure.stage != READING]
    update = {
        "state": "failed" if lost else "done",
        "finished": current.finished,
        "summary": current.model_dump(mode="json"),
    }
    return document.model_copy(update=update)


def _summary(document: CampaignDocument) -> CampaignSummary | None:
    return CampaignSummary.model_validate(document.summary) if document.summary else None


def _round(
    document: CampaignDocument,
    summary: CampaignSummary | None,
    labels: Sequence[dict[str, Any]],
) -> Round:
    facts: dict[str, Any] = {
        "campaign_id": document.campaign_id,
        "started": document.started,
        "finished": document.finished,
        "state": document.state,
        "level": document.level,
    }
    if summary is None:
        return Round.model_validate(facts)
    left = {row.stage: row.left for row in summary.funnel}
    return Round.model_validate(
        {
            **facts,
            "models": summary.models,
            "proposed": left.get("proposed", 0),
            "relaxed": left.get(relaxation.STAGE, 0),
            "ranked": len(summary.ranking),
            "on_hull": sum(map(_is_on_hull, summary.ranking)),
            "new_on_hull": sum(row.novel and _is_on_hull(row) for row in summary.ranking),
            "labels": sum(one["last_updated"] <= summary.finished for one in labels),
            "seconds": sum(stage.seconds for stage in summary.stages if not stage.reused),
            "core_hours": summary.dft.core_hours if summary.dft else 0.0,
            "failures": len(summary.failures),
        }
    )


def _is_on_hull(row: RankedStructure) -> bool:
    return row.energy_above_hull is not None and row.energy_above_hull <= ON_HULL


def _tracks(summaries: Sequence[CampaignSummary | None]) -> Iterator[PhaseTrack]:
    """Phases by formula and space group: two models relax one crystal to two structures."""
    places = [_lowest(summary.ranking) if summary else {} for summary in summaries]
    stable = {
        (row.formula, row.space_group)
        for summary in summaries
        if summary
        for row in summary.ranking
        if _is_on_hull(row)
    }
    for formula, space_group in sorted(stable)[:PHASES_SHOWN]:
        above = tuple(place.get((formula, space_group)) for place in places)
        yield PhaseTrack(formula=formula, space_group=space_group, above_hull=above)


def _lowest(ranking: Sequence[RankedStructure]) -> dict[tuple[str, str], float]:
    lowest: dict[tuple[str, str], float] = {}
    for row in ranking:
        above = row.energy_above_hull
        if above is not None:
            key = (row.formula, row.space_group)
            lowest[key] = min(above, lowest.get(key, above))
    return lowest


def label_counts(labels: Iterable[dict[str, Any]]) -> Iterator[LabelCount]:
    """Labels (level, source and time of each) by level and source."""
    groups: dict[tuple[str, str], list[datetime]] = {}
    for one in labels:
        groups.setdefault((one["level"], one["source"]), []).append(one["last_updated"])
    for (level, source), times in sorted(groups.items()):
        yield LabelCount(level=level, source=source, count=len(times), latest=max(times))


def _core_hours(store: DaoStore, systems: Sequence[str]) -> float:
    """Booked for checks of crystals of the systems, whoever asked for them."""
    found = store.validations.query({}, ["structure_id", "detail.core_hours"])
    hours = {one["structure_id"]: one.get("detail", {}).get("core_hours", 0.0) for one in found}
    inside = store.structures.query(
        {"structure_id": {"$in": sorted(hours)}, "chemsys": {"$in": list(systems)}},
        ["structure_id"],
    )
    return float(sum(hours[one["structure_id"]] for one in inside))


def _subsystems(chemsys: str) -> list[str]:
    """A system and all systems of some of its elements."""
    elements = chemsys.split("-")
    sizes = range(1, len(elements) + 1)
    return ["-".join(part) for size in sizes for part in combinations(elements, size)]
