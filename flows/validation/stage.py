"""DFT checks as the last stage of a campaign: of its ranking, written back into all it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dao_core.errors import concerning
from flows.campaign.interpreting.stage import missing_kinds
from flows.campaign.request import CampaignRequest
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.report.summary import (
    CampaignSummary,
    DftSummary,
    FunnelRow,
    RankedStructure,
)
from flows.validation.approval import Decision
from flows.validation.selection import competing_phases, select_for_dft
from flows.validation.settings import DftSettings, require_dft
from stores.documents import CampaignDocument

STAGE = "dft"
SELECTED = "dft_selected"
CAN_PASS = frozenset({"worker_died", "missing", "missing_program", "missing_pseudopotential"})
"""Reasons that lie with the machine, not with the crystal: worth another try."""


@dataclass(frozen=True)
class Proposal:
    """What a campaign is going to compute.

    Attributes:
        request: The settings of the campaign.
        summary: Its result so far.
        selected: What is checked.
        competing: What must stand in the hull beside it.
    """

    request: CampaignRequest
    summary: CampaignSummary
    selected: tuple[RankedStructure, ...]
    competing: tuple[RankedStructure, ...]

    @property
    def approve(self) -> Literal["auto", "ask"]:
        """Whether somebody is asked."""
        return self.request.approve

    @property
    def hours(self) -> float:
        """How long a server waits for the answer."""
        return self.request.approve_hours

    @property
    def text(self) -> str:
        """What is going to be computed, in Markdown."""
        limit, electrons = self.request.dft_core_hours, self.request.interpret.electrons
        lines = [
            f"Campaign {self.summary.campaign_id} asks for DFT ({self.request.dft}, "
            f"{self.request.dft_protocol}) of {len(self.selected)} structures, of "
            f"{len(self.competing)} competing phases and of the elements, "
            + (f"within {limit:g} core-hours:" if limit else "without a limit of core-hours:"),
            "",
            *(
                [f"Then the electrons of {electrons.best} are interpreted ({electrons.code}).", ""]
                if electrons
                else []
            ),
            *(f"- {row.formula}, {row.space_group}, {_above(row)}" for row in self.selected),
        ]
        return "\n".join(lines)


def _above(row: RankedStructure) -> str:
    above = row.energy_above_hull
    return "no hull" if above is None else f"{above:.4f} eV/atom above the hull"


def dft_settings(request: CampaignRequest) -> DftSettings:
    """Settings of the checks of a campaign that asks for some."""
    return DftSettings.model_validate(
        {
            "code": request.dft,
            "protocol": request.dft_protocol,
            "core_hours": request.dft_core_hours,
        }
    )


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


def propose_for_dft(campaign: Campaign) -> Proposal | None:
    """What there is to be checked of a ranked campaign; None when nothing is asked for or left.

    Until there is an answer the result says that it waits for one.
    """
    request, document = campaign.request, campaign.document()
    if request.dft == "none":
        return None
    summary = CampaignSummary.model_validate(document.summary)
    selected = select_for_dft(summary.ranking, request.dft_budget)
    if not selected:
        return None
    competing = competing_phases(summary.ranking, selected)
    proposal = Proposal(request, summary, tuple(selected), tuple(competing))
    if request.approve == "ask":
        waiting = summary.model_copy(update={"dft": dft_record(request, "waiting")})
        write_result(campaign, waiting, document)
    return proposal


def check_by_dft(campaign: Campaign, proposal: Proposal, decision: Decision) -> CampaignSummary:
    """Check what was proposed, and write the result into the store and the campaign's folder.

    Args:
        campaign: The campaign.
        proposal: What is checked.
        decision: Whether it may be.

    Raises:
        StoreError: The result could not be written.
        DftError: What DFT needs is gone.
    """
    if not decision.approved:
        return write_result(campaign, _declined(proposal, decision), campaign.document())
    # Only a campaign that asks for DFT needs what it is made with.
    from flows.validation.checking import checked, run_checks  # noqa: PLC0415

    update, rejected = checked(proposal, run_checks(campaign, proposal, decision), decision)
    return write_result(campaign, _with_funnel(proposal, rejected, update), campaign.document())


def dft_record(
    request: CampaignRequest, state: Literal["done", "waiting", "declined"], **facts: object
) -> DftSummary:
    """The part of the result that says what was asked for and how far it got."""
    given = {
        "code": request.dft,
        "protocol": request.dft_protocol,
        "budget": request.dft_budget,
        "core_hours_limit": request.dft_core_hours,
        "state": state,
    }
    return DftSummary.model_validate({**given, **facts})


def _declined(proposal: Proposal, decision: Decision) -> CampaignSummary:
    dft = dft_record(proposal.request, "declined", message=decision.reason)
    rejected = {"not_approved": len(proposal.selected)}
    return _with_funnel(proposal, rejected, {"dft": dft})


def _with_funnel(
    proposal: Proposal, rejected: dict[str, int], update: dict[str, object]
) -> CampaignSummary:
    """The summary with the two stages that every ranked structure leaves for a reason."""
    ranked, chosen = len(proposal.summary.ranking), len(proposal.selected)
    rest = {"not_selected_for_dft": ranked - chosen} if ranked > chosen else {}
    rows = (
        FunnelRow(stage=SELECTED, entered=ranked, left=chosen, rejected=rest),
        FunnelRow(
            stage=STAGE,
            entered=chosen,
            left=chosen - sum(rejected.values()),
            rejected=dict(sorted(rejected.items())),
        ),
    )
    funnel = (*proposal.summary.funnel, *rows)
    return proposal.summary.model_copy(update={**update, "funnel": funnel})
