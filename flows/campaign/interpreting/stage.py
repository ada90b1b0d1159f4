"""Interpretations as a stage of a campaign: each kind once, written when the ranking stands."""

from __future__ import annotations

from collections.abc import Sequence

from dao_core.search.result import Failure
from flows.campaign.request import CampaignRequest
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary

BY_DFT = ("electrons",)
"""Kinds that only DFT makes: after its checks, and not where somebody declined them."""


def missing_kinds(summary: CampaignSummary, request: CampaignRequest) -> list[str]:
    """The kinds that are asked for and not made so yet, the cheapest first."""
    return [
        kind
        for kind, settings in request.interpret.asked()
        if summary.interpreted.get(kind) != settings.model_dump(mode="json")
    ]


def interpret_best(campaign: Campaign, kind: str) -> CampaignSummary:
    """Find what is missing of one kind, and write it into the result of the campaign.

    What was lost before is tried again.

    Args:
        campaign: Ranked.
        kind: One that the campaign asks for.

    Raises:
        DaoError: Nothing of the kind can be made.
    """
    # Only a campaign that asks for it needs what it is made with.
    from flows.campaign.interpreting.kinds import KINDS  # noqa: PLC0415

    settings = getattr(campaign.request.interpret, kind)
    summary = CampaignSummary.model_validate(campaign.document().summary)
    failures = KINDS[kind](campaign, summary.ranking, settings)
    made = {**summary.interpreted, kind: settings.model_dump(mode="json")}
    return _written(campaign, summary, kind, failures, made)


def lose_kind(campaign: Campaign, failure: Failure) -> CampaignSummary:
    """Write that a kind could not be made; the same command again tries it again."""
    summary = CampaignSummary.model_validate(campaign.document().summary)
    return _written(campaign, summary, failure.stage, [failure], summary.interpreted)


def _written(
    campaign: Campaign,
    summary: CampaignSummary,
    kind: str,
    failures: Sequence[Failure],
    made: dict[str, dict[str, object]],
) -> CampaignSummary:
    others = [failure for failure in summary.failures if failure.stage != kind]
    update = {
        "interpretations": interpretations_of(summary.ranking, campaign.store),
        "failures": (*others, *failures),
        "interpreted": made,
    }
    return write_result(campaign, summary.model_copy(update=update), campaign.document())
