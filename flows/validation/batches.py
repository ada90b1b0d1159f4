"""Batches of DFT checks: each chosen once, by what the batches before it taught."""

from __future__ import annotations

from typing import Any

from dao_core.hashing import content_id
from dao_core.search.dft_selection import select_for_dft
from flows.campaign.running import Campaign
from flows.report.learned import LabelBatch, LearnedSummary, PredictedLabel
from flows.report.summary import CampaignSummary, RankedStructure
from flows.validation.learned import LearnedRanking, learned_ranking
from flows.validation.memory import WAITING
from flows.validation.settings import DftSettings

STAGE = "dft-batch"


def recorded_batch(campaign: Campaign, number: int) -> LabelBatch | None:
    """A batch as it was chosen; None where it was not chosen yet."""
    key = _key(campaign, number)
    done = campaign.memory.done([key]).get(key)
    return None if done is None else LabelBatch.model_validate(done.outcome)


def recorded_batches(campaign: Campaign) -> list[LabelBatch]:
    """All batches of a campaign so far."""
    found: list[LabelBatch] = []
    while (batch := recorded_batch(campaign, len(found))) is not None:
        found.append(batch)
    return found


def next_batch(
    campaign: Campaign, summary: CampaignSummary, settings: DftSettings, number: int
) -> LabelBatch | None:
    """The batch of a number: the recorded one, or one chosen now and recorded.

    Without a limit of core-hours ``dft_budget`` structures are checked in all; with one, batches
    of so many follow each other.

    Returns:
        None where the checks have ended: the budget is spent, fewer than half a phase is believed
        to be left, or no structure.
    """
    batch = recorded_batch(campaign, number)
    if batch is not None:
        return batch
    size = _size(campaign, number)
    if size <= 0 or (number > 0 and (is_spent(summary) or _was_in_vain(campaign, summary, number))):
        return None
    learned = learned_ranking(campaign, summary, settings)
    if learned is not None and number > 0 and learned.system.still_to_find().enough:
        return None
    members = _first(summary, size) if learned is None else _chosen(learned, size, campaign)
    if not members:
        return None
    batch = LabelBatch(number=number, members=tuple(members))
    campaign.record(_key(campaign, number), STAGE, batch.model_dump(mode="json"), 0.0)
    return batch


def is_spent(summary: CampaignSummary) -> bool:
    """Whether no core-hours are left for another batch."""
    done = summary.dft
    if done is None or done.core_hours_limit is None:
        return False
    waits = any(row.dft is not None and row.dft.reason == WAITING for row in summary.ranking)
    return waits or done.core_hours >= done.core_hours_limit


def _was_in_vain(campaign: Campaign, summary: CampaignSummary, number: int) -> bool:
    """Whether the batch before brought no label: the next would teach as little."""
    last = recorded_batch(campaign, number - 1)
    members = {one.candidate_id for one in last.members} if last is not None else set()
    rows = (row for row in summary.ranking if row.candidate_id in members)
    return not any(row.dft is not None and row.dft.state == "done" for row in rows)


def with_learned(
    campaign: Campaign, summary: CampaignSummary, settings: DftSettings
) -> CampaignSummary:
    """The summary with corrected heights and with what is still to find."""
    learned = learned_ranking(campaign, summary, settings)
    if learned is None:
        return summary
    corrected, left = learned.corrected(), learned.system.still_to_find()
    ranking = tuple(
        row.model_copy(update={"corrected": corrected.get(row.candidate_id)})
        for row in summary.ranking
    )
    facts = LearnedSummary(
        level=learned.system.level,
        labels=int(learned.system.belief.labelled.sum()),
        expected=left.expected,
        low=left.low,
        high=left.high,
        message=learned.message,
    )
    batches = tuple(recorded_batches(campaign))
    update: dict[str, Any] = {"ranking": ranking, "learned": facts, "label_batches": batches}
    return summary.model_copy(update=update)


def _size(campaign: Campaign, number: int) -> int:
    request = campaign.request
    if request.dft_core_hours is not None:
        return request.dft_budget
    before = (recorded_batch(campaign, earlier) for earlier in range(number))
    return request.dft_budget - sum(len(batch.members) for batch in before if batch is not None)


def _chosen(learned: LearnedRanking, size: int, campaign: Campaign) -> list[PredictedLabel]:
    corrected = learned.corrected()
    rows = [learned.rows[i] for i in learned.system.next_labels(size, campaign.request.seed)]
    return [_member(row).model_copy(update={"predicted": corrected[row.candidate_id]})
            for row in rows]  # fmt: skip


def _first(summary: CampaignSummary, size: int) -> list[PredictedLabel]:
    """Without a hull nothing can be learned: the potential's own order."""
    fresh = [row for row in summary.ranking if row.dft is None]
    return [_member(row) for row in select_for_dft(fresh, size)]


def _member(row: RankedStructure) -> PredictedLabel:
    return PredictedLabel(candidate_id=row.candidate_id, formula=row.formula)


def _key(campaign: Campaign, number: int) -> str:
    request = campaign.request
    content = {
        "campaign_id": campaign.campaign_id,
        "code": request.dft,
        "protocol": request.dft_protocol,
        "number": number,
    }
    return content_id(STAGE, content)
