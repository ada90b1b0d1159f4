"""What a person sees of a result on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

if TYPE_CHECKING:
    from flows.report.overview import GroupOverview
    from stores.explain import Explanation

FACT_WIDTH = 160
"""Characters of a fact in a tree."""


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
    """Records as a table; numbers to four decimals, what a record lacks as a dash.

    Where the screen is narrow words go on below themselves; an id stays whole, to be copied.
    """
    table = Table()
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name.endswith("id"))
    for row in rows:
        names = [str(column.header) for column in table.columns]
        table.add_row(*(_cell(_shown(name, row.get(name))) for name in names))
    return table


def listed(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], line: str) -> RenderableType:
    """Records as a table, where there are any, and a line below that sums them up."""
    return Group(*([flat_table(rows, columns)] if rows else []), escape(line))


def _shown(name: str, value: Any) -> Any:
    """A value as people write it: formulas hold their hydroxide as OH."""
    from dao_core.formula import conventional  # it loads pymatgen, and help shall not wait for it

    return conventional(value) if name == "formula" and isinstance(value, str) else value


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
