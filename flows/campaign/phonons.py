"""Phonons of the best, where a campaign asks for them: found when the ranking stands."""

from __future__ import annotations

from dao_core.crystal.symmetry import standard_primitive
from dao_core.errors import DaoError
from dft_inputs.errors import DftError
from flows.campaign import progress
from flows.campaign.request import CampaignRequest
from flows.campaign.result import write_result
from flows.campaign.running import Campaign
from flows.interpretation.gathering import interpretations_of
from flows.report.summary import CampaignSummary, Failure, RankedStructure
from flows.validation.crystals import Crystal

STAGE = "phonons"


def best_without_phonons(
    summary: CampaignSummary, request: CampaignRequest
) -> list[RankedStructure]:
    """The best structures whose phonons are asked for, not known at the level, and not lost."""
    known = {
        one.rank
        for one in summary.interpretations
        if one.kind == STAGE and one.level == summary.level
    }
    lost = {failure.item for failure in summary.failures if failure.stage == STAGE}
    best = summary.ranking[: request.phonons]
    return [row for row in best if row.rank not in known and row.candidate_id not in lost]


def find_phonons_of_best(campaign: Campaign) -> CampaignSummary:
    """Find what is missing, at the level and the pressure of the campaign, and write it.

    Soft modes lead to candidates of the store, which the next campaign takes up.

    Args:
        campaign: Ranked.
    """
    # Only a campaign that asks for phonons needs what they are made with.
    from flows.interpretation.each import kept  # noqa: PLC0415
    from flows.interpretation.phonons import PhononSettings, interpret_phonons  # noqa: PLC0415

    settings = PhononSettings(pressure=campaign.request.pressure)
    summary = CampaignSummary.model_validate(campaign.document().summary)
    rows = best_without_phonons(summary, campaign.request)
    progress.begin(STAGE, len(rows))
    failures = list(summary.failures)
    for row in rows:
        primitive = standard_primitive(row.relaxed(), row.symprec)
        crystal = Crystal(row.candidate_id, primitive, row.candidate_id)
        try:
            finding = interpret_phonons(
                crystal, campaign.potential, settings, campaign.store, campaign.folder / STAGE
            )
            kept(crystal, "phonons", campaign.level, campaign.store, finding)
        except (DaoError, DftError) as error:
            failures.append(Failure(item=row.candidate_id, stage=STAGE, reason=str(error)))
        progress.advance(STAGE)
    found = interpretations_of(summary.ranking, campaign.store)
    update = {"interpretations": found, "failures": tuple(failures)}
    return write_result(campaign, summary.model_copy(update=update), campaign.document())
