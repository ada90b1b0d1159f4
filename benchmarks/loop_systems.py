"""The loop against the rule of release 1.0 over several systems, as ``loop.py`` has it for one.

    python benchmarks/loop_systems.py benchmarks/pools/*.json.gz --records FILE:Fe-O FILE:K-P --json

Last come the paired differences: mean over systems and its standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from loop import RULES, add_options, judged, row
from loop_pool_file import Pool, read_pool
from printing import show

TODAY, UNTAUGHT, LOOP = 1, 5, 6
"""Rules that are compared, by their places in :data:`loop.RULES`."""
DIFFERENCES = (
    ("area", LOOP, TODAY),
    ("area", LOOP, UNTAUGHT),
    ("found_at_5", LOOP, TODAY),
    ("found_at_5", LOOP, UNTAUGHT),
)


def system_rows(name: str, pool: Pool, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What each of the compared rules did in one system."""
    seen = {1: pool, 2: judged(pool, options.judge)}
    for place in (TODAY, UNTAUGHT, LOOP):
        rule, acquisition, learns, judges = RULES[place]
        head = {"system": name, "compounds": len(pool), "rule": rule, "learns": learns}
        yield head | row(seen[judges], acquisition, learns, options)


def difference(
    figure: str, first: int, second: int, rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Mean over systems of what the first rule has more than the second."""
    named = {place: (RULES[place][0], RULES[place][2]) for place in (first, second)}
    values = {
        place: np.array([r[figure] for r in rows if (r["rule"], r["learns"]) == name])
        for place, name in named.items()
    }
    apart = values[first] - values[second]
    said = {place: f"{name}{' that learns' * learns}" for place, (name, learns) in named.items()}
    return {
        "difference": f"{figure}: {said[first]} - {said[second]}",
        "mean": float(apart.mean()),
        "se": float(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else None,
        "systems": len(apart),
    }


def main() -> None:
    """Replay all systems and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pools", nargs="*", type=Path, help="each of one system")
    parser.add_argument("--records", nargs="*", default=[], help="FILE:SYSTEM")
    add_options(parser)
    options = parser.parse_args()
    files = [(file, None, file.name.removesuffix(".json.gz")) for file in options.pools]
    for one in options.records:
        file, _, system = one.rpartition(":")
        files.append((Path(file), system, f"{system}, {Path(file).name.partition('_')[0]}"))
    rows: list[dict[str, Any]] = []
    for file, system, name in files:
        rows += system_rows(name, read_pool([file], system, options.max_atoms), options)
    compared = [difference(*one, rows) for one in DIFFERENCES]
    show({"rows": [*rows, *compared]}, as_json=options.json)


if __name__ == "__main__":
    main()
