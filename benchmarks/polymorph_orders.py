"""Ground states of well-known compounds by default campaigns, as searched and as refined.

    python benchmarks/polymorph_orders.py [--formulas MgO NaCl] [--candidates 200] [--relax 48]
                                          [--out DIR] [--json]

Each formula is a campaign of its own. It is right where the structure that it ranks first is the
known ground state; as searched, the first is that of DAO-P among the same minima. A finished
campaign is found again with the same ``--out``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from printing import show
from search_arms import Quiet, cpu_seconds

from flows.campaign.local import run_campaign
from flows.campaign.request import CampaignRequest
from flows.campaign.server import prefect_server
from flows.report.summary import CampaignSummary, RankedStructure

KNOWN = {
    "MgO": (225,), "NaCl": (225,), "ZnS": (216,), "GaN": (186,), "AlN": (186,), "SiC": (216, 186),
    "BN": (194,), "C": (194, 166), "Si": (227,), "TiO2": (136,), "SiO2": (152, 154),
    "Al2O3": (167,), "CaF2": (225,), "CsCl": (221,), "NiAs": (194,), "FeS2": (205,),
    "MoS2": (194, 160), "CaCO3": (167,), "LiCoO2": (166,), "Li3N": (191,),
}  # fmt: skip
"""Space groups of the ground state by experiment; polytypes count as one."""


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--formulas", nargs="+", default=list(KNOWN))
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--relax", type=int, default=48)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, prefect_server():
        out = arguments.out or Path(temporary)
        rows = [judged(formula, out, arguments) for formula in arguments.formulas]
    right = sum(one["refined is right"] for one in rows)
    searched = sum(one["searched is right"] for one in rows)
    result = {
        "benchmark": "polymorph orders",
        "note": f"Known ground state first: {right} of {len(rows)} as refined, {searched} as "
        f"searched; {arguments.candidates} candidates, {arguments.relax} relaxed.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def judged(formula: str, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One campaign against what is known."""
    before = cpu_seconds()
    folder = out / formula
    request = CampaignRequest(
        targets=(formula,), candidates=options.candidates, relax=options.relax,
        store=str(folder / "store"), out=str(folder),
    )  # fmt: skip
    summary = run_campaign(request, folder, Quiet()).summary
    own = [row for row in summary.ranking if row.formula == formula]
    searched = min(own, key=lambda row: row.search_energy_above_hull or 0.0, default=None)
    right = [row for row in own if row.space_group_number in KNOWN[formula]]
    other = [row for row in own if row.space_group_number not in KNOWN[formula]]
    return {
        "formula": formula,
        "known": "/".join(map(str, KNOWN[formula])),
        "refined first": _name(own[0] if own else None),
        "refined is right": bool(right) and own[0] is right[0],
        "searched first": _name(searched),
        "searched is right": searched is not None and searched in right,
        "found": bool(right) or _is_listed(summary, formula),
        "known below the next (meV/atom)": _gap(right, other, "energy_above_hull"),
        "as searched": _gap(right, other, "search_energy_above_hull"),
        "level": summary.level,
        "CPU s": round(cpu_seconds() - before, 1),
    }


def _gap(right: list[RankedStructure], other: list[RankedStructure], height: str) -> float | None:
    """How far the known ground state lies below the lowest other structure."""
    lows = [[getattr(row, height) or 0.0 for row in rows] for rows in (right, other)]
    return round(1000 * (min(lows[1]) - min(lows[0])), 1) if all(lows) else None


def _is_listed(summary: CampaignSummary, formula: str) -> bool:
    return any(
        row.formula == formula and row.space_group_number in KNOWN[formula]
        for row in summary.unrefined
    )


def _name(row: RankedStructure | None) -> str:
    return "none" if row is None else f"{row.space_group} ({row.space_group_number})"


if __name__ == "__main__":
    main()
