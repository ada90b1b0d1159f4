"""Textbook phases of well-known systems in the landscapes of campaigns with default settings.

    python benchmarks/textbook_phases.py [--systems Ca-N Ti-Al] [--candidates 200] [--relax 48]
                                         [--out DIR] [--json]

A phase is present where a ranked structure of its formula has its space group; its height above
hull is that of the refined ranking. For an absent one the record says why: too many atoms for the
default cells, composition not among those searched, or other structures found in its place. A
finished campaign is found again with the same ``--out``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from printing import show
from pymatgen.core import Composition
from search_arms import Quiet, cpu_seconds

from flows.campaign.local import run_campaign
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from flows.report.summary import CampaignSummary, RankedStructure

NEAR = 0.030
"""eV/atom above the hull up to which a phase counts as found."""


class Phase(NamedTuple):
    """A phase of the textbooks: formula, space groups, atoms in its primitive cell."""

    formula: str
    groups: tuple[int, ...]
    natoms: int


SYSTEMS = {
    "Ca-N": (Phase("Ca3N2", (206,), 40), Phase("Ca2N", (166,), 3), Phase("CaN6", (70,), 14)),
    "Ti-Al": (
        Phase("Ti3Al", (194,), 8), Phase("TiAl", (123,), 2),
        Phase("TiAl2", (141,), 12), Phase("TiAl3", (139,), 4),
    ),
    "Na-Sb": (Phase("Na3Sb", (194,), 8), Phase("NaSb", (14,), 16)),
    "Cu-S": (
        Phase("Cu2S", (14, 194, 225), 144), Phase("CuS", (194, 63), 12), Phase("CuS2", (205,), 12),
    ),
    "Li-P-S": (
        Phase("Li2S", (225,), 3), Phase("Li3P", (194,), 8), Phase("LiP", (14,), 16),
        Phase("Li3PS4", (31, 62), 16), Phase("Li2PS3", (162, 164), 12), Phase("P2S5", (2,), 28),
    ),
}  # fmt: skip
"""Stable, or within a few meV/atom, at room temperature."""


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS))
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--relax", type=int, default=48)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, prefect_server():
        out = arguments.out or Path(temporary)
        rows = [row for name in arguments.systems for row in judged(name, out, arguments)]
    found = sum(row["present"] == "yes" for row in rows)
    show(
        {
            "benchmark": "textbook phases",
            "note": f"{found} of {len(rows)} textbook phases on the hull or within "
            f"{1000 * NEAR:.0f} meV/atom of it; {arguments.candidates} candidates, "
            f"{arguments.relax} relaxed, refined by the default.",
            "rows": rows,
        },
        as_json=arguments.json,
    )


def judged(system: str, out: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The textbook phases of one system in its campaign."""
    before = cpu_seconds()
    folder = out / system
    request = CampaignRequest(
        targets=(system,), candidates=options.candidates, relax=options.relax,
        store=str(folder / "store"), out=str(folder),
    )  # fmt: skip
    summary = run_campaign(request, folder, Quiet()).summary
    seconds = round(cpu_seconds() - before, 1)
    return [
        {"system": system, "phase": phase.formula, **_verdict(phase, summary), "CPU s": seconds}
        for phase in SYSTEMS[system]
    ]


def _verdict(phase: Phase, summary: CampaignSummary) -> dict[str, Any]:
    """Whether the phase is there, how high, and what stands in its place."""
    formula = Composition(phase.formula).reduced_formula
    ranked = [row for row in summary.ranking if row.formula == formula]
    right = [row for row in ranked if row.space_group_number in phase.groups]
    best, first = _lowest(right), _lowest(ranked)
    height = None if best is None else best.energy_above_hull
    near = height is not None and height <= NEAR
    return {
        "space group": "/".join(map(str, phase.groups)),
        "present": "yes" if near else "no" if best is None else "higher",
        "above hull": height,
        "lowest of the formula": first and f"{first.space_group} {first.energy_above_hull}",
        "why absent": "" if near else _why(phase, ranked, summary, found=best is not None),
    }


def _why(
    phase: Phase, ranked: Sequence[RankedStructure], summary: CampaignSummary, *, found: bool
) -> str:
    most = max(len(row.relaxed()) for row in summary.ranking)
    if found:
        return "found, but ranked higher"
    if phase.natoms > most:
        return f"{phase.natoms} atoms, largest cell here {most}"
    return "others found in its place" if ranked else "composition not ranked"


def _lowest(rows: Sequence[RankedStructure]) -> RankedStructure | None:
    placed = [row for row in rows if row.energy_above_hull is not None]
    return min(placed, key=lambda row: row.energy_above_hull or 0.0, default=None)


if __name__ == "__main__":
    main()
