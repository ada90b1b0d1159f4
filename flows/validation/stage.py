"""DFT checks as the last stage of a campaign: of its ranking, written back into all it left."""

from __future__ import annotations

from collections import Counter

from dao_core.errors import concerning
from dao_core.search.result import FunnelRow
from flows.campaign.interpreting.stage import missing_kinds
from flows.campaign.request import CampaignRequest
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.report.summary import CampaignSummary
from flows.validation.approval import Decision
from flows.validation.proposal import Proposal, dft_record, dft_settings
from flows.validation.settings import CAN_PASS, STAGE, require_dft
from stores.documents import CampaignDocument

SELECTED = "dft_selected"


def require_programs(request: CampaignRequest) -> None:
    """Make sure that the programs that a campaign ends with are on this machine.

    Raises:
        MissingError: Something is missing; with what to do, and the name of the setting.
        InputError: A pseudopotential family is unknown.
    """
    if request.dft != "none":
        with concerning("dft"):
            require_dft(dft_settings(request))
    if request.interpret.electrons is not None:
        with concerning("interpret.electrons"):
            require_dft(request.interpret.electrons)


def is_settled(document: CampaignDocument, request: CampaignRequest) -> bool:
    """Whether nothing is left to be found out about the ranking of a campaign that is done."""
    if request.dft == "none" and not any(request.interpret.asked()):
        return True
    summary = CampaignSummary.model_validate(document.summary)
    if missing_kinds(summary, request):
        return False
    return request.dft == "none" or _is_checked(summary, request)


def _is_checked(summary: CampaignSummary, request: CampaignRequest) -> bool:
    """Whether the DFT checks that are asked for are made."""
    done = summary.dft
    asked = (request.dft, request.dft_protocol, request.dft_budget, request.dft_core_hours)
    if done is None or done.state != "done":
        return False
    if (done.code, done.protocol, done.budget, done.core_hours_limit) != asked:
        return False
    reasons = {phase.reason for phase in done.competing}
    reasons |= {row.dft.reason for row in summary.ranking if row.dft}
    return not reasons & CAN_PASS


def check_by_dft(campaign: Campaign, proposal: Proposal, decision: Decision) -> CampaignSummary:
    """Check what was proposed, and write the result into the store and the campaign's folder.

    Args:
        campaign: The campaign.
        proposal: What is checked.
        decision: Whether it may be.

    Raises:
        StoreError: The result could not be written.
        DaoError: What DFT needs is gone.
    """
    if not decision.approved:
        return write_result(campaign, _declined(proposal, decision), campaign.document())
    # Only a campaign that asks for DFT needs what it is made with.
    from flows.validation.batches import with_learned  # noqa: PLC0415
    from flows.validation.checking import checked, run_checks  # noqa: PLC0415

    update, rejected = checked(proposal, run_checks(campaign, proposal, decision), decision)
    summary = _with_funnel(proposal, rejected, update)
    summary = with_learned(campaign, summary, dft_settings(campaign.request))
    return write_result(campaign, summary, campaign.document())


def _declined(proposal: Proposal, decision: Decision) -> CampaignSummary:
    dft = dft_record(proposal.request, "declined", message=decision.reason)
    rejected = {"not_approved": len(proposal.selected)}
    return _with_funnel(proposal, rejected, {"dft": dft})


def _with_funnel(
    proposal: Proposal, rejected: dict[str, int], update: dict[str, object]
) -> CampaignSummary:
    """The summary with the two stages that every ranked structure leaves for a reason."""
    before = {row.stage: row for row in proposal.summary.funnel}
    ranked, chosen = len(proposal.summary.ranking), len(proposal.selected)
    lost = Counter(rejected)
    if STAGE in before:  # of the batches before
        chosen += before[STAGE].entered
        lost.update(before[STAGE].rejected)
    rest = {"not_selected_for_dft": ranked - chosen} if ranked > chosen else {}
    rows = (
        FunnelRow(stage=SELECTED, entered=ranked, left=chosen, rejected=rest),
        FunnelRow(
            stage=STAGE,
            entered=chosen,
            left=chosen - lost.total(),
            rejected=dict(sorted(lost.items())),
        ),
    )
    others = (row for row in proposal.summary.funnel if row.stage not in (SELECTED, STAGE))
    return proposal.summary.model_copy(update={**update, "funnel": (*others, *rows)})
