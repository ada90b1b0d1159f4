"""The answer of a campaign on the terminal: what was asked for first, at any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from flows.report.answer import Answer, AnsweredStructure
    from flows.report.learned import CorrectedEnergy
    from flows.report.summary import CampaignSummary, DftCheck

MOST_ROWS = 30
"""Of the table; all structures are in the files."""


@dataclass(frozen=True)
class Column:
    """One column of the answer.

    Attributes:
        name: Its heading.
        cell: What stands in it.
        justify: Numbers on the right.
        fold: Whether its words may go on in a further line; numbers and ids never do.
    """

    name: str
    cell: Callable[[AnsweredStructure], str]
    justify: Literal["left", "right"] = "right"
    fold: bool = False


@dataclass(frozen=True)
class AnswerTable:
    """The structures that were asked for; a rich renderable that takes the width it is given.

    Attributes:
        summary: The campaign.
        answer: Of that campaign.
    """

    summary: CampaignSummary
    answer: Answer

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Title, as many columns as fit, and what is to be said below."""
        summary = self.summary
        yield Text(f"{summary.system}: energies at level {summary.level}", style="bold")
        if not self.answer.asked:
            yield Text("nothing of it was ranked", style="yellow")
        else:
            yield self._widest(console, options)
        yield from map(Text, self._notes())

    def _widest(self, console: Console, options: ConsoleOptions) -> Table:
        """The table with all further columns that fit beside the ones that must be there."""
        first, further = _columns(self.summary)
        best = self._table(first, console)
        for count in range(1, len(further) + 1):
            table = self._table([*first[:-1], *further[:count], first[-1]], console)
            if Measurement.get(console, options.update(max_width=10_000), table).maximum > (
                options.max_width
            ):
                break
            best = table
        return best

    def _table(self, columns: list[Column], console: Console) -> Table:
        # A pipe gets words and spaces: what reads it wants no lines drawn.
        box = SIMPLE_HEAD if console.is_terminal else None
        table = Table(box=box, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        for column in columns:
            overflow: Literal["fold"] = "fold"
            table.add_column(
                column.name, justify=column.justify, overflow=overflow, no_wrap=not column.fold
            )
        for one in self._shown():
            table.add_row(
                *(escape(column.cell(one)) for column in columns),
                style="red" if one.row.flags else None,
            )
        return table

    def _shown(self) -> list[AnsweredStructure]:
        return [one for group in self.answer.asked for one in group.structures][:MOST_ROWS]

    def _notes(self) -> Iterator[str]:
        from flows.report.answer import NEW_TYPE, type_name
        from flows.report.checks import shown_flags

        shown = self._shown()
        if any(one.row.tied_with for one in shown):
            yield "≈ N  the level cannot tell which of it and rank N is lower"
        if any(type_name(one.row) == NEW_TYPE for one in shown):
            yield f"{NEW_TYPE}: not in the AFLOW library of prototypes"
        for one in shown:
            if flags := shown_flags(one.row):
                yield f"flags of rank {one.row.rank}: {', '.join(flags)}"
        every = sum(len(group.structures) for group in self.answer.asked)
        higher = every - len(shown) + sum(group.higher for group in self.answer.asked)
        if higher:
            yield f"{higher} more of these compositions, higher: see the report"
        yield from _others(self.answer)


def _others(answer: Answer) -> Iterator[str]:
    """Elements and other compositions in one line: ground state and height of each."""
    from flows.report.answer import type_name

    if answer.others:
        parts = [
            f"{group.formula} {type_name(group.ground_state)} "
            + milli(group.ground_state.energy_above_hull)
            for group in answer.others
        ]
        yield f"others (ground state, meV/atom above hull): {', '.join(parts)}"


def _columns(summary: CampaignSummary) -> tuple[list[Column], list[Column]]:
    """Those that must be there, the id last, and those that come as the terminal grows."""
    from flows.report.answer import type_name
    from flows.report.doubts import novelty

    first = [
        Column("rank", _rank, justify="left"),
        Column("formula", lambda one: one.row.formula, justify="left"),
        Column(
            "structure",
            lambda one: f"{type_name(one.row)} {one.row.space_group}",
            justify="left",
            fold=True,
        ),
        Column("above hull\n(meV/atom)", lambda one: milli(one.row.energy_above_hull)),
        Column("±", lambda one: milli(one.doubt, digits=0)),
        *([_DFT] if summary.dft else []),
        *([_LABELS, _CHANCE] if summary.learned else []),
        Column("candidate_id", lambda one: one.row.candidate_id, justify="left"),
    ]
    further = [
        Column("Å³/atom", lambda one: f"{one.row.volume_per_atom:.2f}"),
        Column("Z", lambda one: str(one.row.z)),
        Column("found", lambda one: str(one.row.population)),
        Column("seen before", lambda one: novelty(one.row), justify="left", fold=True),
        Column("origin", lambda one: one.row.origin, justify="left", fold=True),
        Column("Wyckoff", lambda one: one.row.wyckoff_sequence, justify="left", fold=True),
        Column("prototype", lambda one: one.row.prototype, justify="left", fold=True),
        Column("distance", lambda one: _number(one.row.distance_to_best)),
    ]
    return first, further


def _rank(one: AnsweredStructure) -> str:
    return str(one.row.rank) + (f" ≈ {one.row.tied_with}" if one.row.tied_with else "")


def milli(energy: float | None, digits: int = 1) -> str:
    """An energy in eV/atom as text in meV/atom; no minus before a zero.

    Args:
        energy: In eV/atom, or None for a dash.
        digits: Decimals.
    """
    if energy is None:
        return "-"
    return f"{round(1000 * energy, digits) + 0.0:.{digits}f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def by_dft(check: DftCheck | None) -> str:
    """Height above the DFT hull as text in meV/atom, or why there is none.

    Args:
        check: Of one structure, or None where it was not checked.
    """
    if check is None:
        return ""
    return check.reason or milli(check.energy_above_hull)


def _by_labels(corrected: CorrectedEnergy | None) -> str:
    """Height that all labels give, in meV/atom."""
    if corrected is None:
        return ""
    return f"{milli(corrected.energy_above_hull)} ± {milli(corrected.std)}"


def _near(corrected: CorrectedEnergy | None) -> str:
    """Chance of lying within 10 meV/atom of the hull."""
    if corrected is None:
        return ""
    return "set aside" if corrected.set_aside else f"{corrected.chance:.0%}"


_DFT = Column("DFT hull\n(meV/atom)", lambda one: by_dft(one.row.dft))
_LABELS = Column("by labels\n(meV/atom)", lambda one: _by_labels(one.row.corrected))
_CHANCE = Column("near hull", lambda one: _near(one.row.corrected))
