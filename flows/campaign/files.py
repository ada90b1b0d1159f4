"""The folder of a campaign: which one it is, and what is written there."""

from __future__ import annotations

from pathlib import Path

from flows.report.export import export_structures
from flows.report.page import write_report
from flows.report.summary import CampaignSummary


def default_folder(campaign_id: str) -> Path:
    """Where the files of a campaign go if nothing else is said."""
    return Path("campaigns") / campaign_id


def write_files(summary: CampaignSummary, folder: Path) -> None:
    """Write structures, report and, as the sign that they are whole, the summary."""
    export_structures(summary, folder)
    write_report(summary, folder)
    summary.write(folder)
