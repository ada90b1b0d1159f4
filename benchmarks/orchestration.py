"""What Prefect costs a campaign: task runs, and the share of time outside of them.

Two campaigns of so many candidates: one as users run it (Mg-O, DAO-G, templates and DAO-P, to which
the bars apply), and one of given crystals of copper and gold with EMT, where the science costs
least, so that orchestration shows most. Everything between the task bodies counts as orchestration:
opening the campaign, reading given crystals, the questions to the store.

    python benchmarks/orchestration.py [--quick] [--json] [--candidates 10000]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from ase.build import bulk
from ase.io import write
from printing import show

from dao_core.evaluation.machine import machine

BARS = {"task_runs": 200, "overhead": 0.05}


def main() -> None:
    """Run, print one table or one JSON object, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="within a minute on two cores")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    parser.add_argument("--candidates", type=int, default=10_000)
    arguments = parser.parse_args()
    candidates = 100 if arguments.quick else arguments.candidates
    with tempfile.TemporaryDirectory(prefix="dao-orchestration-") as home:
        os.environ.update(
            DAO_HOME=home,
            PREFECT_HOME=home,
            PREFECT_LOGGING_LEVEL="ERROR",
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
        )
        # Prefect reads its environment when it is imported.
        from flows.campaign.server import prefect_server  # noqa: PLC0415

        with prefect_server() as url:
            rows = [measure(name, candidates, Path(home) / name[:5], url) for name in CAMPAIGNS]
    show({"rows": rows, "bars": BARS, "machine": machine()}, as_json=arguments.json)


def measure(name: str, candidates: int, folder: Path, url: str) -> dict[str, Any]:
    """Run a campaign of so many candidates, one in forty relaxed, and ask Prefect about it."""
    from flows.campaign.flow import campaign  # noqa: PLC0415
    from flows.campaign.request import CampaignRequest  # noqa: PLC0415

    folder.mkdir()
    own = CAMPAIGNS[name](folder, candidates)
    relax = max(1, candidates // 40)
    request = CampaignRequest(
        **own, relax=relax, store=str(folder / "store"), out=str(folder / "out")
    )
    earlier = {run["id"] for run in task_runs(url)}
    begun = time.monotonic()
    campaign(request)
    wall = time.monotonic() - begun
    time.sleep(2)  # the last task run reaches the server a moment after its end
    runs = [run for run in task_runs(url) if run["id"] not in earlier]
    inside = sum(run["total_run_time"] for run in runs)
    return {
        "campaign": name,
        "candidates": candidates,
        "relaxed": request.relax,
        "wall_seconds": wall,
        "task_seconds": inside,
        "task_runs": len(runs),
        "overhead": 1 - inside / wall,
    }


def write_crystals(file: Path, number: int) -> str:
    """Random fcc alloys of four atoms, strained and rattled, as extended XYZ."""
    random = np.random.default_rng(0)
    crystals = []
    for _ in range(number):
        atoms = bulk("Cu", cubic=True, a=random.uniform(3.5, 4.2))
        atoms.symbols[random.random(4) < 0.5] = "Au"
        atoms.rattle(0.1, seed=int(random.integers(2**31)))
        crystals.append(atoms)
    write(file, crystals, format="extxyz")
    return str(file)


def as_used(_: Path, candidates: int) -> dict[str, Any]:
    """A campaign on an oxide with the shipped models."""
    return {"targets": ("Mg-O",), "candidates": candidates}


def least_science(folder: Path, candidates: int) -> dict[str, Any]:
    """A campaign of given crystals with a potential that costs next to nothing."""
    return {
        "targets": ("Cu-Au",),
        "potential": "ase:ase.calculators.emt:EMT",
        "sources": (),
        "candidates": 0,
        "seed_structures": (write_crystals(folder / "given.xyz", candidates),),
    }


CAMPAIGNS = {"Mg-O, shipped models": as_used, "Cu-Au, given crystals, EMT": least_science}


def task_runs(url: str) -> list[dict[str, Any]]:
    """All task runs that the server knows."""
    found: list[dict[str, Any]] = []
    while True:
        body = {"limit": 200, "offset": len(found)}
        page = httpx.post(f"{url}/task_runs/filter", json=body, timeout=60).json()
        found += page
        if len(page) < 200:
            return found


if __name__ == "__main__":
    main()
