"""What a ranked campaign is going to compute by DFT, before anybody has approved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dao_core.search.dft_selection import competing_phases
from flows.campaign.request import CampaignRequest
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.report.summary import CampaignSummary, DftSummary, RankedStructure
from flows.validation.settings import DftSettings


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
            "pressure": request.pressure,
        }
    )


def propose_for_dft(campaign: Campaign, number: int = 0) -> Proposal | None:
    """What there is to be checked of a ranked campaign; None when nothing is asked for or left.

    Until there is an answer the result says that it waits for one.

    Args:
        campaign: The campaign.
        number: Of the batch; each learns from those before it.
    """
    request, document = campaign.request, campaign.document()
    if request.dft == "none":
        return None
    summary = CampaignSummary.model_validate(document.summary)
    # The learning room takes seconds to load; a campaign without DFT does not wait for it.
    from flows.validation.batches import next_batch  # noqa: PLC0415

    batch = next_batch(campaign, summary, dft_settings(request), number)
    rows = {row.candidate_id: row for row in summary.ranking}
    members = batch.members if batch is not None else ()
    selected = [rows[one.candidate_id] for one in members if one.candidate_id in rows]
    if not selected:
        return None
    competing = competing_phases(summary.ranking, selected, request.pressure)
    proposal = Proposal(request, summary, tuple(selected), tuple(competing))
    if request.approve == "ask" and number == 0:
        waiting = summary.model_copy(update={"dft": dft_record(request, "waiting")})
        write_result(campaign, waiting, document)
    return proposal


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
