"""How soon a rule finds the phases of a pool of crystals with known energies.

    python benchmarks/loop.py --pool FILE --labels 40 --repeats 10 --seed 0 --json

Rules with one judge know what DAO-P says of a crystal. Rules with two know the crystals as a
campaign does that refines: by the best potential installed, with DAO-P as second opinion.

FILE has records with ``energy_per_atom``, ``enthalpy_per_atom`` or ``formation_energy_per_atom``
(benchmarks/loop_pools.py makes such files). Each repeat takes four fifths of its compounds. A phase
is found when it is labelled; wanted are those within 10 meV/atom of the hull of the repeat.

area: share of the wanted phases that is found, mean over the first labels, each of one price.
found_at_5: share that is found at the cost of five mean relaxations; hull sampling knows prices
and computes statics first where the file has them. coverage: share of energies not yet labelled
that lie inside the central 50 and 90 % intervals, mean over the batches but the first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from loop_pool_file import Pool, read_pool
from loop_replay import Replay
from printing import show

from dao_core.learning.acquisition import (
    Acquisition,
    Greedy,
    HullSampling,
    RandomChoice,
    StabilityChance,
)
from dao_core.potentials import load_potential
from dao_core.potentials.choice import AUTO, best_for

KEPT = 0.8
"""Share of the compounds in a repeat."""
RULES: tuple[tuple[str, Acquisition, bool, int], ...] = (
    ("random", RandomChoice(), False, 1),
    ("stability chance", StabilityChance(), False, 1),
    ("greedy", Greedy(), False, 2),
    ("greedy", Greedy(), True, 2),
    ("hull sampling, DAO-P alone", HullSampling(), True, 1),
    ("hull sampling", HullSampling(), False, 2),
    ("hull sampling", HullSampling(), True, 2),
)
"""Name, rule, whether labels change what is believed, number of judges. The second row is the rule
of release 1.0, the last one what a campaign does."""


def sub_pools(pool: Pool, repeats: int, seed: int) -> Iterator[tuple[int, Pool]]:
    """The same parts of a pool for every rule, each with its seed."""
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        size = round(KEPT * len(pool))
        yield int(rng.integers(2**31)), pool.select(np.sort(rng.permutation(len(pool))[:size]))


def row(pool: Pool, rule: Acquisition, learns: bool, options: argparse.Namespace) -> dict[str, Any]:
    """What one rule did in all repeats."""
    areas, found, fifty, ninety = [], [], [], []
    for seed, part in sub_pools(pool, options.repeats, options.seed):
        by_label = Replay(part, rule, learns, seed, options.batch).by_label(options.labels)
        areas.append(by_label.area)
        fifty.append(by_label.coverage_50)
        ninety.append(by_label.coverage_90)
        found.append(Replay(part, rule, learns, seed, options.batch).at_cost(options.cost))
    return {
        "area": float(np.mean(areas)),
        "area_se": _standard_error(areas),
        "found_at_5": float(np.mean(found)),
        "found_at_5_se": _standard_error(found),
        "coverage_50": float(np.mean(fifty)),
        "coverage_90": float(np.mean(ninety)),
    }


def _standard_error(values: list[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """How pools are replayed, by whatever script."""
    parser.add_argument("--max-atoms", type=int, default=28)
    parser.add_argument("--labels", type=int, default=40)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--judge", default=AUTO, help="potential that judges beside DAO-P")
    parser.add_argument("--cost", type=float, default=5.0, help="in mean relaxations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def judged(pool: Pool, judge: str) -> Pool:
    """The pool as two judges see it, where there is a second one."""
    name = best_for("refinement") if judge == AUTO else judge
    return pool if name is None else pool.judged_by(load_potential(name))


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pool", type=Path, required=True, help="record file")
    parser.add_argument("--system", help="only records of these elements, for example Fe-Li-O")
    add_options(parser)
    options = parser.parse_args()
    pool = read_pool([options.pool], options.system, options.max_atoms)
    seen = {1: pool, 2: judged(pool, options.judge)}
    rows = [
        {"rule": name, "learns": learns, "judges": judges}
        | row(seen[judges], rule, learns, options)
        for name, rule, learns, judges in RULES
    ]
    show({"pool": options.pool.name, "n": len(pool), "rows": rows}, as_json=options.json)


if __name__ == "__main__":
    main()
