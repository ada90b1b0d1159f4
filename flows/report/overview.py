"""The overview of all chemical systems: one HTML file without scripts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import Field

from dao_core.drafts import draft_of
from dao_core.hull import ON_HULL
from dao_core.record import Record
from flows.report.history import LabelCount, ModelStep, Round, SystemHistory
from flows.report.page import page_environment, template_text

OVERVIEW_FILE = "overview.html"
WEEK = timedelta(days=7)


class GroupOverview(Record):
    """Everything that the overview shows.

    Attributes:
        store: Address of the store, without credentials.
        written: When.
        systems: The history of each system, without the models.
        models: What happened to the models.
        labels: All labels by level and source.
        core_hours: Of all DFT checks.
    """

    store: str
    written: datetime
    systems: tuple[SystemHistory, ...] = ()
    models: tuple[ModelStep, ...] = ()
    labels: tuple[LabelCount, ...] = ()
    core_hours: float = Field(default=0.0, ge=0)

    def this_week(self, system: SystemHistory) -> list[Round]:
        """The campaigns of a system that ended within a week."""
        since = self.written - WEEK
        return [one for one in system.rounds if one.finished and one.finished >= since]

    def facts(self) -> list[tuple[str, str]]:
        """The headline numbers."""
        week = [one for system in self.systems for one in self.this_week(system)]
        since = self.written - WEEK
        models = [step for step in self.models if step.when >= since]
        running = sum(one.state == "running" for s in self.systems for one in s.rounds)
        return [
            (f"{len(self.systems):,}", "chemical systems"),
            (f"{len(week):,}", "campaigns ended this week"),
            (f"{sum(one.new_on_hull for one in week):,}", "new phases on a hull this week"),
            (f"{sum(label.count for label in self.labels):,}", "labels"),
            (f"{len(models):,}", "model changes this week"),
            (f"{running:,}", "campaigns under way"),
            (f"{self.core_hours:.2f}", "core-hours of DFT"),
        ]


def write_overview(overview: GroupOverview, folder: Path) -> Path:
    """Write the overview and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / OVERVIEW_FILE
    page = page_environment().get_template("overview.html")
    text = page.render(
        overview=overview, on_hull=ON_HULL, style=template_text("report.css"), current=""
    )
    with draft_of(file) as draft:
        draft.write_text(text, encoding="utf-8")
    return file
