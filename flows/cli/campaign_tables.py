"""What a person sees of a campaign on the terminal: the answer, what was learned, the funnel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from flows.cli.answer import AnswerTable, by_dft, milli
from flows.cli.tables import flat_table

if TYPE_CHECKING:
    from flows.campaign.finished import FinishedCampaign
    from flows.report.learned import PredictedLabel
    from flows.report.summary import CampaignSummary

Fact = tuple[str, str]
"""A name and what is to be said of it."""


def campaign_tables(done: FinishedCampaign, seconds: float) -> RenderableType:
    """The answer, interpretations, funnel, losses, and where the files are.

    Args:
        done: The campaign.
        seconds: Since the program began.
    """
    from flows.report.answer import answer_of

    summary = done.summary
    how = "found done" if done.reused else f"done in {seconds:.0f} s"
    facts = (*_unrefined(summary), *_dft(summary), *_learned(summary), *_funnel(summary))
    # Not in the grid: a path that goes on in the next line must stay one word to be copied.
    lines = [
        *(f"lost: {f.item} ({f.stage}): {f.reason}" for f in summary.failures),
        f"campaign   {summary.campaign_id}: {how}",
        f"store      {summary.store}",
        f"report     {done.report}",
        f"structures {done.folder / 'cif'}",
    ]
    return Group(
        AnswerTable(summary, answer_of(summary)),
        *_interpretations(summary),
        _grid(facts),
        *map(escape, lines),
    )


def _grid(facts: Iterable[Fact]) -> Table:
    """Facts whose words go on below themselves."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=10, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, fact in facts:
        grid.add_row(name, escape(fact))
    return grid


def _interpretations(summary: CampaignSummary) -> list[Table]:
    """What was found out about ranked structures, where anything was."""
    if not summary.interpretations:
        return []
    rows = [
        {
            **{name: getattr(one, name) for name in ("rank", "kind", "finding", "level")},
            "flags": "; ".join(one.flags),
        }
        for one in summary.interpretations
    ]
    return [flat_table(rows, rows[0])]


def _unrefined(summary: CampaignSummary) -> list[Fact]:
    """How many of the ranking of the search stand in no hull with the others."""
    count = len(summary.unrefined)
    if not count:
        return []
    return [("unrefined", f"{count} structures, at level {summary.search_level}: see the report")]


def _learned(summary: CampaignSummary) -> list[Fact]:
    """What labels taught, batch by batch, and how much is still to find."""
    learned = summary.learned
    if learned is None:
        return []
    checked = {row.candidate_id: row.dft for row in summary.ranking}
    batches = [
        f"batch {batch.number + 1}, predicted -> by DFT (meV/atom): "
        + ", ".join(
            f"{one.formula} {_predicted(one)} -> {by_dft(checked.get(one.candidate_id)) or '-'}"
            for one in batch.members
        )
        for batch in summary.label_batches
    ]
    return [
        ("learned", f"{learned.labels} labels, level {learned.level}"),
        *([("", learned.message)] if learned.message else []),
        ("", f"still to find within 10 meV/atom of the hull: {learned.still_to_find}"),
        *(("", batch) for batch in batches),
    ]


def _predicted(member: PredictedLabel) -> str:
    return "-" if member.predicted is None else milli(member.predicted.energy_above_hull)


def _dft(summary: CampaignSummary) -> list[Fact]:
    """What was checked, at which level, for how much."""
    dft = summary.dft
    if dft is None:
        return []
    if dft.state != "done":
        return [("DFT", dft.state + (f": {dft.message}" if dft.message else ""))]
    messages = {row.dft.message for row in summary.ranking if row.dft and row.dft.message}
    return [
        ("DFT", f"level {dft.level}, {dft.core_hours:.3f} core-hours"),
        *(("", message) for message in sorted(messages)),
    ]


def _funnel(summary: CampaignSummary) -> list[Fact]:
    """Candidates through the stages, why the others were lost, and what each source brought."""
    stages = [f"{row.left} {row.stage}" for row in summary.funnel]
    lost = [
        f"{count} {reason} ({row.stage})"
        for row in summary.funnel
        for reason, count in row.rejected.items()
        if count
    ]
    found = [f"{one.found} of {one.proposed} {one.source}" for one in summary.yields]
    facts = (
        ("funnel", " > ".join(stages)),
        ("rejected", ", ".join(lost)),
        ("low by", ", ".join(found)),
    )
    return [fact for fact in facts if fact[1]]
