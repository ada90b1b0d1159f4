"""What Prefect's pages show of a campaign, as the server has it."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from prefect import flow

from flows.campaign.artifacts import publish
from flows.campaign.files import write_files
from flows.report.summary import CampaignSummary


@flow(name="publishing")
def publishing(summary: CampaignSummary, folder: Path) -> None:
    """Publish a campaign, as its last task does."""
    publish(write_files(summary, folder), folder)


def test_ranking_funnel_hull_and_report_are_there_and_lead_somewhere(
    server: Any, binary: CampaignSummary, tmp_path: Path
) -> None:
    publishing(binary, tmp_path)
    found = server.ask("/artifacts/filter", flow_runs={"name": {"any_": _runs(server)}})
    parts = {one["key"].partition("-")[0]: one for one in found}
    assert parts.keys() == {"ranking", "funnel", "hull", "report"}

    rows = json.loads(parts["ranking"]["data"])
    assert [row["formula"] for row in rows] == [row.formula for row in binary.ranking]
    heights = [row["E above hull (eV/atom)"] for row in rows]
    assert heights == [round(row.energy_above_hull or 0.0, 4) for row in binary.ranking]
    assert f"| {binary.funnel[0].stage} | {binary.funnel[0].entered} |" in parts["funnel"]["data"]

    head, _, picture = parts["hull"]["data"].partition("base64,")
    assert head == "![stability](data:image/png;"
    assert b64decode(picture.removesuffix(")")).startswith(b"\x89PNG")
    assert f"`{binary.level}`" in parts["hull"]["description"]

    text, _, link = parts["report"]["data"].partition("](")
    report = Path(unquote(urlparse(link.removesuffix(")")).path))
    assert report.is_file()
    assert text == f"[{report}"


def _runs(server: Any) -> list[str]:
    """Names of the runs of the flow of this test."""
    runs = server.ask("/flow_runs/filter", flows={"name": {"any_": ["publishing"]}})
    return [run["name"] for run in runs]
