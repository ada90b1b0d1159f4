"""The table that BENCHMARKS.md opens with: this project beside the best peer on the same work.

Only records that hold both sides give a row, so that both did the same work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tables import Record, markdown_table

Rows = Sequence[Mapping[str, Any]]
NOTE = """\
The ratio is how many times better this project does; below 1 the peer does better. Both sides of
a row stand in one record; how they were measured is below, under the command."""


@dataclass(frozen=True)
class Sides:
    """Both sides of a comparison.

    Args:
        what: The work, with its unit.
        own: This project's figure.
        peer: The peer's figure.
        name: Who the peer is.
        less_is_better: For times and relaxations.
    """

    what: str
    own: float
    peer: float
    name: str
    less_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better this project is."""
        return self.peer / self.own if self.less_is_better else self.own / self.peer


def comparison(records: Sequence[Record]) -> str:
    """The table, or nothing where no record holds both sides.

    Args:
        records: All records, in any order.

    Returns:
        Markdown.
    """
    rows = []
    for record in records:
        found = COMPARISONS.get(f"{record['room']}.{record['name']}")
        rows += [
            _row(sides, record) for sides in (found(record["result"]["rows"]) if found else [])
        ]
    return f"{markdown_table(rows)}\n\n{NOTE}" if rows else ""


def _row(sides: Sides, record: Record) -> dict[str, Any]:
    return {
        "what": sides.what,
        "this project": float(sides.own),
        "best peer": f"{_figure(sides.peer)} ({sides.name})",
        "ratio": float(sides.ratio),
        "command": f"`{record['command'].partition(' --')[0]}`",
    }


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _search(rows: Rows) -> list[Sides]:
    """Ground states that both were asked for: how many, and after how many relaxations."""
    phases = [
        row
        for row in rows
        if row.get("above best known (eV/atom)") == 0 and row["cryspy"] != "not asked for"
    ]
    own, peer = (
        [row[arm].split(", ") for row in phases if row[arm] != "not found"]
        for arm in ("dao", "cryspy")
    )

    # Seconds of the arms are of different days; relaxations are counted.
    spent = (median(float(words[1]) for words in found) for found in (own, peer))
    name = "CrySPY, evolution, told the formula"
    return [
        Sides(f"ground states found, of {len(phases)} asked of both", len(own), len(peer), name),
        Sides("relaxations to a ground state, median", *spent, name, less_is_better=True),
    ]


def _relaxation(rows: Rows) -> list[Sides]:
    """Batched relaxation beside CHGNet's own calculator in ASE."""
    row = next(row for row in rows if row["ase_calculator"] == "CHGNetCalculator")
    what = f"{row['n']} crystals relaxed by {row['potential']}, s"
    own, peer = row["batched_seconds"], row["ase_seconds"]
    return [Sides(what, own, peer, "ASE with CHGNetCalculator", less_is_better=True)]


def _sampling(rows: Rows) -> list[Sides]:
    """The default number of steps beside the sampler of the article."""
    rate = {(row["method"], row["steps"]): row["structures_per_second"] for row in rows}
    own, peer = rate["flow matching", 25], rate["predictor-corrector", 1000]
    what = "structures sampled per second by one network (speed alone)"
    return [Sides(what, own, peer, "predictor-corrector, 1000 steps")]


def _attention(rows: Rows) -> list[Sides]:
    """Cells of the size that most training crystals have."""
    row = next(row for row in rows if row["n"] == 20)
    own, peer = row["forward_backward_ms"], row["per_edge_forward_backward_ms"]
    what = "attention, forward and backward, 20 atoms, ms"
    return [Sides(what, own, peer, "edge by edge", less_is_better=True)]


def _dft(rows: Rows) -> list[Sides]:
    """What the workflow costs beside the bare program."""
    row = next(row for row in rows if "bare_seconds" in row)
    own, peer = row["chain_seconds"], row["bare_seconds"]
    return [Sides(f"DFT, {row['case']}, s", own, peer, "pw.x alone", less_is_better=True)]


def _store(rows: Rows) -> list[Sides]:
    """The embedded store beside the fastest other with as many documents."""
    own = next(row for row in rows if row.get("name") == "embedded")
    others = [
        row
        for row in rows
        if row.get("kind") == "backend"
        and row["name"] != "embedded"
        and row["documents"] == own["documents"]
    ]
    size = f"{own['documents']:,} documents"
    found = []
    for what, key, less, best in (
        (f"upserts per second, {size}", "upserts_per_second", False, max),
        (f"a lookup among {size}, ms", "lookup_ms", True, min),
    ):
        peer = best(others, key=lambda row, key=key: row[key])
        found.append(Sides(what, own[key], peer[key], peer["name"], less_is_better=less))
    return found


COMPARISONS: Mapping[str, Callable[[Rows], list[Sides]]] = {
    "search.systems": _search,
    "relaxation.relaxation": _relaxation,
    "sampling.sampling": _sampling,
    "attention.attention": _attention,
    "dft.overhead": _dft,
    "store.backends": _store,
}
"""What to read from which record."""
