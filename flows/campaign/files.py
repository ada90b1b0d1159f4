"""The folder of a campaign: which one it is, and what is written there."""

from __future__ import annotations

from pathlib import Path

from flows.report.export import export_structures
from flows.report.page import write_report
from flows.report.summary import CampaignSummary


def default_folder(campaign_id: str) -> Path:
    """Where the files of a campaign go if nothing else is said."""
    return Path("campaigns") / campaign_id


def write_files(
    summary: CampaignSummary, folder: Path, *, live: str | None = None
) -> CampaignSummary:
    """Write structures, report and, as the sign that they are whole, the summary.

    Args:
        summary: The campaign.
        folder: Where to write.
        live: What the campaign goes on with, None where this is its end.

    Returns:
        The summary, with the structures that could not be exported as they should among its
        failures.
    """
    exports = export_structures(summary, folder)
    failures = (*summary.failures, *(f for f in exports.failures if f not in summary.failures))
    summary = summary.model_copy(update={"failures": failures})
    write_report(summary, folder, live=live)
    summary.write(folder)
    return summary
