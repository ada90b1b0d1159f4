"""Running the checks of a campaign, and what they mean for its result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dao_core import progress
from dao_core.search.result import Failure
from dft_inputs.running.validation import Validation, ValidationReport, validate
from flows.campaign.running import Campaign
from flows.report.summary import DftCheck, DftPhase
from flows.validation.approval import Decision
from flows.validation.memory import WAITING, StoreMemory, validation_id
from flows.validation.proposal import Proposal, dft_record, dft_settings
from flows.validation.settings import STAGE


def run_checks(campaign: Campaign, proposal: Proposal, decision: Decision) -> ValidationReport:
    """Compute what was proposed and is not in the store, and keep it there.

    Args:
        campaign: The campaign.
        proposal: What is checked.
        decision: Who approved it.
    """
    settings = dft_settings(campaign.request)
    names = {row.candidate_id: row.candidate_id for row in proposal.selected}
    memory = StoreMemory(campaign.store, names, campaign.campaign_id, decision.by)
    on_end = memory.keeping(STAGE)
    progress.at(STAGE, (row.formula for row in proposal.selected))
    # Symmetrised cells: the noise of a potential would cost k-points and steps.
    return validate(
        {row.candidate_id: row.symmetrised() for row in proposal.selected},
        settings.method(),
        settings.limits(campaign.campaign_id),
        chemical_system=campaign.target.elements,
        competing={row.candidate_id: row.symmetrised() for row in proposal.competing},
        hull=True,
        memory=memory,
        on_end=on_end,
    )


def checked(
    proposal: Proposal, report: ValidationReport, decision: Decision
) -> tuple[dict[str, Any], dict[str, int]]:
    """What the checks change in the result of the campaign, and how many failed by reason.

    Args:
        proposal: What was checked.
        report: What became of it.
        decision: Who approved it.
    """
    found = {validation.name: validation for validation in report.validations}
    ranking = tuple(
        row.model_copy(update={"dft": _check(found[row.candidate_id])})
        if row.candidate_id in found
        else row
        for row in proposal.summary.ranking
    )
    failed = [v for v in report.validations if v.state == "failed"]
    lost = [
        Failure(item=v.name, stage=STAGE, reason=f"{v.reason}: {v.message}")
        for v in [*failed, *(phase for phase in report.competing if phase.state == "failed")]
        if v.reason != WAITING
    ]
    dft = dft_record(
        proposal.request,
        "done",
        approved_by=decision.by,
        level=next((v.level for v in [*report.validations, *report.competing] if v.level), None),
        core_hours=report.core_hours,
        competing=tuple(_phase(phase) for phase in report.competing),
    )
    update: dict[str, Any] = {
        "ranking": ranking,
        "dft": dft,
        "failures": (*proposal.summary.failures, *lost),
    }
    return update, Counter(str(v.reason) for v in failed)


def _check(validation: Validation) -> DftCheck:
    result = validation.result
    return DftCheck(
        state="done" if result else "failed",
        reason=validation.reason,
        message=validation.message or validation.hull_message,
        level=validation.level,
        energy_per_atom=result.energy_per_atom if result else None,
        energy_above_hull=validation.energy_above_hull,
        volume_per_atom=result.volume / result.n_atoms if result else None,
        band_gap=result.band_gap if result else None,
        validation_id=validation_id(validation.key) if validation.key else None,
        core_hours=validation.core_hours,
    )


def _phase(validation: Validation) -> DftPhase:
    return DftPhase(
        name=validation.name,
        formula=validation.formula,
        state=validation.state,
        reason=validation.reason,
        message=validation.message,
        energy_per_atom=validation.result.energy_per_atom if validation.result else None,
    )
