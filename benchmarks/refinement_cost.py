"""What refinement adds to default campaigns: CPU seconds of the search and of what comes after it.

    python benchmarks/refinement_cost.py [--systems Mg-O] [--options ...] [--json]

Each campaign runs without refinement and then, on the same store, with it: the second finds the
search done, so that it costs its start, the refinement and the ranking.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from printing import show
from search_arms import cpu_seconds


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--systems", nargs="+", default=["Mg-O"])
    parser.add_argument("--options", nargs="*", default=[], help="more words for dao campaign")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    rows = [measured(system, arguments.options) for system in arguments.systems]
    note = "Refinement is the second run on one store: the start of the program is in it."
    result = {"benchmark": "cost of refinement", "note": note, "rows": rows}
    show(result, as_json=arguments.json)


def measured(system: str, options: list[str]) -> dict[str, Any]:
    """One system without and with refinement."""
    with tempfile.TemporaryDirectory() as folder:
        _, search = _run(system, options, Path(folder), "none")
        refined, more = _run(system, options, Path(folder), "auto")
    formulas = {row["formula"] for row in refined["ranking"]}
    funnel = {row["stage"]: row for row in refined["funnel"]}
    return {
        "system": system,
        "search CPU s": round(search, 1),
        "refinement CPU s": round(more, 1),
        "both over search": round((search + more) / search, 2),
        "distinct": funnel["refined"]["entered"],
        "refined": funnel["refined"]["left"],
        "compositions": len(formulas),
        "level": refined["level"],
    }


def _run(system: str, options: list[str], folder: Path, refine: str) -> tuple[Any, float]:
    """The result of one campaign and its CPU seconds."""
    before = cpu_seconds()
    words = ["--refine", refine, "--store", "store", "--out", refine, "--json", *options]
    command = [sys.executable, "-m", "flows", "campaign", system, *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout), cpu_seconds() - before


if __name__ == "__main__":
    main()
