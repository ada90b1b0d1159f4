"""What Prefect's pages show of a campaign: ranking, funnel, a picture of the hull, links."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from flows.report.doubts import novelty
from flows.report.file_names import REPORT_FILE
from flows.report.hull_image import hull_image
from flows.report.summary import CampaignSummary

ROWS_SHOWN = 100
"""Prefect keeps artifacts in its database; the whole ranking is in the store."""


def publish(summary: CampaignSummary, folder: Path) -> None:
    """Create the artifacts of a campaign in the Prefect run that is under way.

    Args:
        summary: The campaign.
        folder: Where its files are.
    """
    key = re.sub(r"[^a-z0-9]+", "-", summary.campaign_id.lower()).strip("-")
    # Levels stand in backticks: Prefect's pages would make an address of what is around an @.
    create_table_artifact(
        key=f"ranking-{key}",
        table=ranking_rows(summary),
        description=f"Ranking of {summary.system} at level `{summary.level}`",
    )
    create_markdown_artifact(
        key=f"funnel-{key}",
        markdown=funnel_markdown(summary),
        description=f"Funnel of {summary.system}",
    )
    picture = hull_image(summary)
    if picture is not None:
        # No image artifact: its page would show the address, all of the picture, in one line too.
        create_markdown_artifact(
            key=f"hull-{key}",
            markdown=f"![stability](data:image/png;base64,{b64encode(picture).decode()})",
            description=f"Stability of {summary.system} at level `{summary.level}`",
        )
    report = folder.absolute() / REPORT_FILE
    create_link_artifact(
        key=f"report-{key}",
        link=report.as_uri(),
        link_text=str(report),
        description=f"Report of {summary.campaign_id}, on the machine that ran it. Browsers follow "
        "no link from a page to a file: copy the address, or let "
        f"`dao report {summary.campaign_id}` write the files anywhere",
    )


def ranking_rows(summary: CampaignSummary) -> list[dict[str, str | int | float | bool | None]]:
    """The first rows of the ranking as a flat table."""
    return [
        {
            "rank": row.rank,
            "formula": row.formula,
            "Z": row.z,
            "space group": f"{row.space_group} ({row.space_group_number})",
            "E above hull (eV/atom)": _rounded(row.energy_above_hull),
            "prototype": row.prototype,
            "Wyckoff": row.wyckoff_sequence,
            "origin": row.origin,
            "known as": novelty(row),
            "flags": ", ".join(row.flags),
            "candidate_id": row.candidate_id,
        }
        for row in summary.ranking[:ROWS_SHOWN]
    ]


def _rounded(energy: float | None) -> float | None:
    """To a tenth of a meV/atom, finer than anything that ranks."""
    return None if energy is None else round(energy, 4)


def funnel_markdown(summary: CampaignSummary) -> str:
    """The funnel as a Markdown table under the name of the campaign."""
    lines = [
        f"# {summary.system}: `{summary.campaign_id}`",
        "",
        "| stage | entered | left | rejected |",
        "|---|---:|---:|---|",
    ]
    for row in summary.funnel:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in row.rejected.items())
        lines.append(f"| {row.stage} | {row.entered} | {row.left} | {reasons} |")
    return "\n".join(lines)
