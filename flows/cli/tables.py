"""What a person sees of a result on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

if TYPE_CHECKING:
    from flows.campaign.stored import FinishedCampaign
    from flows.report.learned import CorrectedEnergy, PredictedLabel
    from flows.report.overview import GroupOverview
    from flows.report.summary import CampaignSummary, DftCheck
    from stores.explain import Explanation

ROWS_SHOWN = 40
FACT_WIDTH = 160
"""Characters of a fact in a tree."""
LEFT = frozenset({"formula", "space group"})
"""Columns of words; numbers stand on the right."""


def campaign_tables(done: FinishedCampaign, seconds: float) -> RenderableType:
    """Ranking, funnel, losses, and where the files are."""
    summary = done.summary
    lines = [
        f"campaign {summary.campaign_id}: "
        + ("found done" if done.reused else f"done in {seconds:.0f} s"),
        *_dft_lines(summary),
        *_learned_lines(summary),
        f"store      {summary.store}",
        f"report     {done.report}",
        f"structures {done.folder / 'cif'}",
    ]
    lost = [f"lost: {f.item} ({f.stage}): {f.reason}" for f in summary.failures]
    return Group(
        _ranking(summary),
        *_interpretations(summary),
        _funnel(summary),
        _yields(summary),
        *map(escape, (*lost, *lines)),
    )


def _ranking(summary: CampaignSummary) -> Table:
    from flows.report.checks import shown_flags
    from flows.report.doubts import novelty

    title = f"{summary.system}: ranking, energies at level {summary.level}"
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("rank", "formula", "Z", "space group", "above hull\n(eV/atom)"):
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    if summary.dft:
        table.add_column("above DFT hull\n(eV/atom)", justify="right", no_wrap=True)
    if summary.learned:
        table.add_column("by labels\n(eV/atom)", justify="right", no_wrap=True)
        table.add_column("near hull", justify="right", no_wrap=True)
    table.add_column("±", justify="right", no_wrap=True)
    table.add_column("found", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    table.add_column("prototype", overflow="fold")
    table.add_column("Wyckoff", overflow="fold")
    table.add_column("origin", overflow="fold")
    table.add_column("seen before", overflow="fold")
    table.add_column("candidate_id", no_wrap=True)
    flagged = any(shown_flags(row) for row in summary.ranking[:ROWS_SHOWN])
    if flagged:
        table.add_column("flags", overflow="fold", style="bold red")
    for row in summary.ranking[:ROWS_SHOWN]:
        table.add_row(
            str(row.rank) if row.tied_with is None else f"{row.rank} ≈ {row.tied_with}",
            row.formula,
            str(row.z),
            f"{row.space_group} ({row.space_group_number})",
            _cell(row.energy_above_hull),
            *((_dft_cell(row.dft),) if summary.dft else ()),
            *(_corrected_cells(row.corrected) if summary.learned else ()),
            _cell(row.energy_above_hull_std),
            str(row.population),
            "-" if row.distance_to_best is None else f"{row.distance_to_best:.2f}",
            row.prototype,
            row.wyckoff_sequence,
            escape(row.origin),
            escape(novelty(row)),
            row.candidate_id,
            *((escape(", ".join(shown_flags(row))),) if flagged else ()),
            style="red" if row.flags else None,
        )
    notes = []
    if len(summary.ranking) > ROWS_SHOWN:
        notes.append(f"{len(summary.ranking) - ROWS_SHOWN} more in ranking.parquet")
    if summary.unrefined:
        notes.append(
            f"{len(summary.unrefined)} not refined, at level {summary.search_level}: see the report"
        )
    table.caption = escape("; ".join(notes)) or None
    return table


def _interpretations(summary: CampaignSummary) -> list[Table]:
    """What was found out about ranked structures, where anything was."""
    if not summary.interpretations:
        return []
    table = Table(title="what they mean", title_justify="left", box=SIMPLE_HEAD)
    for name in ("rank", "kind", "finding", "level", "flags"):
        table.add_column(name, overflow="fold")
    for one in summary.interpretations:
        flags = escape("; ".join(one.flags))
        table.add_row(str(one.rank), one.kind, escape(one.finding), escape(one.level), flags)
    return [table]


def _dft_cell(check: DftCheck | None) -> str:
    """Energy above the DFT hull, or why there is none."""
    if check is None:
        return ""
    return escape(check.reason) if check.reason else _cell(check.energy_above_hull)


def _corrected_cells(corrected: CorrectedEnergy | None) -> tuple[str, str]:
    """Height by all labels, and the chance of lying within 10 meV/atom of the hull."""
    if corrected is None:
        return "", ""
    height = f"{corrected.energy_above_hull:.3f} ± {corrected.std:.3f}"
    return height, "set aside" if corrected.set_aside else f"{corrected.chance:.0%}"


def _learned_lines(summary: CampaignSummary) -> list[str]:
    """What labels taught, batch by batch, and how much is still to find."""
    learned = summary.learned
    if learned is None:
        return []
    checked = {row.candidate_id: row.dft for row in summary.ranking}
    batches = [
        f"           batch {batch.number + 1}, predicted -> by DFT: "
        + ", ".join(_predicted(one, checked.get(one.candidate_id)) for one in batch.members)
        for batch in summary.label_batches
    ]
    return [
        f"learned    {learned.labels} labels, level {learned.level}",
        *([f"           {learned.message}"] if learned.message else []),
        f"           still to find within 10 meV/atom of the hull: {learned.still_to_find}",
        *batches,
    ]


def _predicted(member: PredictedLabel, check: DftCheck | None) -> str:
    """Predicted height, then what DFT said."""
    before = "-" if member.predicted is None else f"{member.predicted.energy_above_hull:.3f}"
    return f"{member.formula} {before} -> {_dft_cell(check) or '-'}"


def _dft_lines(summary: CampaignSummary) -> list[str]:
    """What was checked, at which level, for how much."""
    dft = summary.dft
    if dft is None:
        return []
    if dft.state != "done":
        return [f"DFT        {dft.state}" + (f": {dft.message}" if dft.message else "")]
    messages = {row.dft.message for row in summary.ranking if row.dft and row.dft.message}
    return [
        f"DFT        level {dft.level}, {dft.core_hours:.3f} core-hours",
        *(f"           {message}" for message in sorted(messages)),
    ]


def _funnel(summary: CampaignSummary) -> Table:
    table = Table(title="funnel", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("stage", "entered", "left", "rejected"):
        table.add_column(name, justify="right" if name in {"entered", "left"} else "left")
    for row in summary.funnel:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in row.rejected.items())
        table.add_row(row.stage, str(row.entered), str(row.left), reasons)
    return table


def _yields(summary: CampaignSummary) -> Table:
    names = ("source", "proposed", "relaxed", "ranked", "found", "nominal_seconds")
    return flat_table([row.model_dump() for row in summary.yields], names)


def validation_tables(done: Mapping[str, Any], folder: Path) -> RenderableType:
    """Crystals and competing phases of a DFT check, and where things are."""
    rows = [*done["structures"], *done["competing"]]
    columns = ("name", "formula", "state", "space_group", "energy_per_atom", "energy_above_hull")
    table = flat_table(rows, (*columns, "volume", "band_gap", "core_hours"))
    levels = sorted({row["level"] for row in rows if row["level"]})
    lines = [
        *(f"level      {level} (eV/atom)" for level in levels),
        f"store      {done['store']}",
        f"structures {folder}",
        f"core-hours {done['core_hours']:.3f}",
    ]
    return Group(table, *map(escape, lines))


def overview_tables(overview: GroupOverview, file: Path) -> RenderableType:
    """All chemical systems, one line each, and where the page is."""
    rows = [
        {
            "system": system.chemsys,
            "rounds": len(system.rounds),
            "state": system.rounds[-1].state,
            "on hull": system.rounds[-1].on_hull,
            "new on hull": sum(one.new_on_hull for one in system.rounds),
            "labels": sum(label.count for label in system.labels),
            "core-hours": system.core_hours,
            "another round?": system.stop_reason or "worth it",
        }
        for system in overview.systems
    ]
    facts = [f"{number} {name}" for number, name in overview.facts()]
    return listed(rows, rows[0] if rows else (), "\n".join([*facts, f"report {file}"]))


def simulation_tables(result: Mapping[str, Any]) -> RenderableType:
    """The searches after each round, and what became of the retrained models."""
    searches = [row for row in result["rows"] if "search" in row]
    retrainings = [row for row in result["rows"] if "retraining" in row]
    wanted = ", ".join(sorted(result["wanted"].values()))
    tables = [flat_table(rows, rows[0]) for rows in (searches, retrainings) if rows]
    return Group(*tables, escape(f"to find at level {result['level']}: {wanted}"))


def flat_table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> Table:
    """Records as a table; numbers to four decimals, what a record lacks as a dash."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row.get(str(column.header))) for column in table.columns))
    return table


def listed(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], line: str) -> RenderableType:
    """Records as a table, where there are any, and a line below that sums them up."""
    return Group(*([flat_table(rows, columns)] if rows else []), escape(line))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))


def provenance_tree(top: Explanation, store: str) -> Tree:
    """A chain of provenance as a tree: relation, collection and id, and the facts below."""
    tree = Tree(f"{escape(top.id)} ({top.collection} of {escape(store)})")
    _grow(tree, top)
    return tree


def _grow(branch: Tree, node: Explanation) -> None:
    for name, value in node.facts.items():
        branch.add(f"[dim]{name}:[/] {escape(_short(value))}")
    for one in node.leads_to:
        _grow(branch.add(f"{one.relation} {one.collection}/[bold]{escape(one.id)}[/]"), one)
    for name, number in node.left_out.items():
        branch.add(f"{name} {number} more")


def _short(value: Any) -> str:
    """A fact on one line; the rest of a long one is in the JSON form."""
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text if len(text) <= FACT_WIDTH else f"{text[:FACT_WIDTH]}..."
