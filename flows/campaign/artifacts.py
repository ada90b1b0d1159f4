"""What Prefect's pages show of a campaign: the ranking as a table, the funnel as text."""

from __future__ import annotations

import re

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.report.summary import CampaignSummary

ROWS_SHOWN = 100
"""Prefect keeps artifacts in its database; the whole ranking is in the store."""


def publish(summary: CampaignSummary) -> None:
    """Create both artifacts of a campaign in the Prefect run that is under way."""
    key = re.sub(r"[^a-z0-9]+", "-", summary.campaign_id.lower()).strip("-")
    create_table_artifact(
        key=f"ranking-{key}",
        table=ranking_rows(summary),
        description=f"Ranking of {summary.system} at level {summary.level}",
    )
    create_markdown_artifact(
        key=f"funnel-{key}",
        markdown=funnel_markdown(summary),
        description=f"Funnel of {summary.system}",
    )


def ranking_rows(summary: CampaignSummary) -> list[dict[str, str | int | float | bool | None]]:
    """The first rows of the ranking as a flat table."""
    return [
        {
            "rank": row.rank,
            "formula": row.formula,
            "Z": row.z,
            "space group": f"{row.space_group} ({row.space_group_number})",
            "E above hull (eV/atom)": row.energy_above_hull,
            "prototype": row.prototype,
            "Wyckoff": row.wyckoff_sequence,
            "origin": row.origin,
            "known as": row.known_as or "new",
            "flags": ", ".join(row.flags),
            "candidate_id": row.candidate_id,
        }
        for row in summary.ranking[:ROWS_SHOWN]
    ]


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
