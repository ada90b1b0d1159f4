"""All chemical systems of a store at once: what a group looks at once a week."""

from __future__ import annotations

from pathlib import Path

from flows.campaign.history import history_of, label_counts, model_steps
from flows.report.overview import GroupOverview, write_overview
from stores import open_store
from stores.documents import CampaignDocument, utc_now


def report_all(folder: Path, store: str | None) -> tuple[GroupOverview, Path]:
    """Write the overview of all systems; the overview and its file.

    Args:
        folder: Where to write.
        store: URI of the store; None is the default one.
    """
    with open_store(store) as opened:
        campaigns = opened.campaigns.query({}, [CampaignDocument.key, "chemsys"])
        systems = sorted({one["chemsys"] for one in campaigns})
        histories = [history_of(opened, chemsys) for chemsys in systems]
        labels = opened.labels.query({}, ["level", "source", "last_updated"])
        checks = opened.validations.query({}, ["detail.core_hours"])
        overview = GroupOverview(
            store=opened.uri,
            written=utc_now(),
            systems=tuple(one.model_copy(update={"models": ()}) for one in histories),
            models=tuple(model_steps(opened)),
            labels=tuple(label_counts(labels)),
            core_hours=sum(one.get("detail", {}).get("core_hours", 0.0) for one in checks),
        )
    return overview, write_overview(overview, folder)
