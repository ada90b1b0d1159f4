"""What large loads cost: rates of the records multiplied out, into the tables of docs/scale.md.

    python benchmarks/scale.py            # write
    python benchmarks/scale.py --check    # exit code 1 if the page differs

No rate is typed by hand; what is assumed is named in the page.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scale.md"
RESULTS = ROOT / "benchmarks" / "results"
SYSTEMS = 100
CAMPAIGNS = {"default": (200, 48, 5), "thorough": (5000, 1000, 20)}
"""Candidates, relaxations and DFT checks of one campaign."""
DEEP = 10.0
"""Core-hours of a check of ten atoms with open shells: assumed, not measured here."""
CRYSTALS, STAGES, ATOMS = 942_884, {"I": 800, "II": 500}, 15
"""Entries and epochs of CrysDB as published; atoms per crystal assumed."""
WEEK = 7 * 24.0


def rows(record: str, **wanted: Any) -> list[dict[str, Any]]:
    """Rows of a record that hold some values."""
    found = json.loads((RESULTS / f"{record}.json").read_text())["result"]["rows"]
    return [row for row in found if all(row.get(key) == value for key, value in wanted.items())]


def campaigns() -> list[tuple[str, ...]]:
    """Core-hours per week of each part, for each kind of campaign."""
    (generated,) = rows("sampling.sampling", method="flow matching", steps=50)
    relaxed = next(row for row in rows("relaxation.relaxation") if "dao-p" in row["potential"])
    (checked,) = rows("dft.overhead", case="Si, relax, fast")
    (stored,) = rows("store.backends", name="embedded", documents=100_000)
    per_relaxation = relaxed["batched_seconds"] / relaxed["n"]
    table = []
    for name, (candidates, relaxations, checks) in CAMPAIGNS.items():
        documents = SYSTEMS * (3 * candidates + 2 * relaxations)
        hours = {
            "generation": SYSTEMS * candidates / generated["structures_per_second"] / 3600,
            "relaxation": SYSTEMS * relaxations * per_relaxation / 3600,
            "store": documents / stored["single_commits_per_second"] / 3600,
            "DFT, two atoms": SYSTEMS * checks * checked["core_hours"],
            "DFT, ten atoms": SYSTEMS * checks * DEEP,
        }
        amounts = f"{candidates}, {relaxations}, {checks}"
        table.append((name, amounts, *(f"{value:.1f}" for value in hours.values())))
    head = ("campaign", "candidates, relaxations, checks", "generation", "relaxation",
            "store, at most", "DFT: Si", "DFT: ten atoms")  # fmt: skip
    return [head, *table]


def builders() -> list[tuple[str, ...]]:
    """Seconds of the builders at 100,000 structures."""
    return [
        ("builder", "all of 100,000 structures, s", "1 % new, s"),
        *(
            (row["name"], f"{row['cold_seconds']:.0f}", f"{row['one_percent_seconds']:.1f}")
            for row in rows("store.builders", documents=100_000)
        ),
    ]


def pretraining() -> list[tuple[str, ...]]:
    """Days of each run on this machine, and the rate that does it in a week."""
    stages = {f"stage {stage}": CRYSTALS * epochs * ATOMS for stage, epochs in STAGES.items()}
    config = YAML(typ="safe").load((ROOT / "configs" / "predictor-base-8gpu.yaml").read_text())
    labels = {"its config": config["steps"] * config["atoms_per_batch"] * config["devices"]}
    table = []
    for model, size, precision, runs in (
        ("dao-g", "mini", "bf16", stages),
        ("dao-g", "base", "bf16", stages),
        ("dao-p", "base-physical", "fp32", labels),
    ):
        (row,) = rows("training.training", sweep="size", model=model, size=size,
                      precision=precision)  # fmt: skip
        for name, seen in runs.items():
            here = seen / row["atoms_per_second"] / 86400
            needed = seen / (WEEK * 3600)
            times = needed / row["atoms_per_second"]
            table.append((f"{model} {size}, {precision}", name, f"{row['atoms_per_second']:.0f}",
                          f"{here:,.0f}", f"{needed:,.0f}", f"{times:,.0f}"))  # fmt: skip
    head = ("model", "run", "atoms/s on two cores", "days there", "atoms/s for one week",
            "times this machine")  # fmt: skip
    return [head, *table]


def written(text: str) -> str:
    """The page with its tables made anew."""
    for name, table in (("campaigns", campaigns()), ("builders", builders()),
                        ("pretraining", pretraining())):  # fmt: skip
        head, *body = table
        lines = [head, ("---",) * len(head), *body]
        made = "".join("| " + " | ".join(line) + " |\n" for line in lines)
        mark = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text = re.sub(mark, rf"\g<1>{made}\g<2>", text, flags=re.DOTALL)
    return text


def main(words: Sequence[str] | None = None) -> int:
    """Write or check; 1 if the check fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args(words).check
    before = PAGE.read_text()
    after = written(before)
    if not check:
        PAGE.write_text(after)
    return int(check and before != after)


if __name__ == "__main__":
    sys.exit(main())
