"""What a person sees of a result on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from flows.campaign.stored import FinishedCampaign
from flows.report.summary import CampaignSummary

ROWS_SHOWN = 40
LEFT = frozenset({"formula", "space group"})
"""Columns of words; numbers stand on the right."""


def campaign_tables(done: FinishedCampaign, seconds: float) -> RenderableType:
    """Ranking, funnel, losses, and where the files are."""
    summary = done.summary
    lines = [
        f"campaign {summary.campaign_id}: "
        + ("found done" if done.reused else f"done in {seconds:.0f} s"),
        f"store      {summary.store}",
        f"report     {done.report}",
        f"structures {done.folder / 'cif'}",
    ]
    lost = [f"lost: {f.item} ({f.stage}): {f.reason}" for f in summary.failures]
    return Group(_ranking(summary), _funnel(summary), *map(escape, (*lost, *lines)))


def _ranking(summary: CampaignSummary) -> Table:
    title = f"{summary.system}: ranking, energies at level {summary.level}"
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("rank", "formula", "Z", "space group", "above hull\n(eV/atom)"):
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    table.add_column("origin", overflow="fold")
    table.add_column("novel")
    table.add_column("candidate_id", no_wrap=True)
    for row in summary.ranking[:ROWS_SHOWN]:
        table.add_row(
            str(row.rank),
            row.formula,
            str(row.z),
            f"{row.space_group} ({row.space_group_number})",
            "-" if row.energy_above_hull is None else f"{row.energy_above_hull:.4f}",
            escape(row.origin),
            "yes" if row.novel else "known",
            row.candidate_id,
        )
    if len(summary.ranking) > ROWS_SHOWN:
        table.caption = f"{len(summary.ranking) - ROWS_SHOWN} more in ranking.parquet"
    return table


def _funnel(summary: CampaignSummary) -> Table:
    table = Table(title="funnel", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("stage", "entered", "left", "rejected"):
        table.add_column(name, justify="right" if name in {"entered", "left"} else "left")
    for row in summary.funnel:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in row.rejected.items())
        table.add_row(row.stage, str(row.entered), str(row.left), reasons)
    return table


def flat_table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> Table:
    """Records as a table; numbers to four decimals, what a record lacks as a dash."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row.get(str(column.header))) for column in table.columns))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))


def provenance_tree(explained: Mapping[str, Any]) -> Tree:
    """A chain of provenance as a tree, one line per fact."""
    tree = Tree(f"{escape(explained['id'])} ({explained['is']} of {escape(explained['store'])})")
    for kind in ("candidates", "relaxations", "campaigns"):
        for document in explained[kind]:
            _add_facts(tree.add(kind.removesuffix("s")), document)
    return tree


def _add_facts(branch: Tree, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            _add_facts(branch.add(name), value)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for item in value:
                _add_facts(branch.add(name), item)
        elif value not in (None, [], {}):
            branch.add(f"{name}: {escape(str(value))}")
