"""What refining some small crystals costs, from DAO-P's minima of known prototypes.

    python benchmarks/refinement_speed.py [--potentials sevennet-0] [--crystals 40] [--json]

CPU seconds of one process, loading left out: DAO-P relaxes the prototypes, then each potential the
same crystals from the minima of DAO-P.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from printing import show

from dao_core.potentials import load_potential
from dao_core.relax import RANKED_STOPS, Relaxation, RelaxSettings, relax
from dao_core.search.refinement import refine, start_of
from dao_core.search.sources.template import templates

MOST_ATOMS = 8
STRIDE = 4
"""Every so manieth prototype: neighbours in the library are alike."""


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--potentials", nargs="+", default=["sevennet-0"])
    parser.add_argument("--crystals", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    search = load_potential("dao-p")
    small = [t.structure for t in templates() if len(t.structure) <= MOST_ATOMS]
    fit = [crystal for crystal in small if search.domain.objection(crystal) is None]
    chosen = fit[::STRIDE][: arguments.crystals]
    found, seconds = timed(lambda: relax(chosen, search))
    rows = [_row(search.level, found, seconds)]
    starts = [start_of(end.structure) for end in found if end.stop_reason in RANKED_STOPS]
    for name in arguments.potentials:
        potential = load_potential(name)
        potential_ends, seconds = timed(
            lambda potential=potential: refine(starts, potential, search, RelaxSettings())
        )
        rows.append(_row(potential.level, potential_ends, seconds))
    note = f"Every {STRIDE}th AFLOW prototype of at most {MOST_ATOMS} atoms, default settings."
    show({"benchmark": "speed of refinement", "note": note, "rows": rows}, as_json=arguments.json)


def timed(work: Callable[[], list[Relaxation]]) -> tuple[list[Relaxation], float]:
    """What some work brings, and its CPU seconds."""
    begun = time.process_time()
    ends = work()
    return ends, time.process_time() - begun


def _row(level: str, ends: list[Relaxation], seconds: float) -> dict[str, Any]:
    sizes = [len(end.structure) for end in ends]
    return {
        "potential": level,
        "crystals": len(ends),
        "mean atoms": round(statistics.mean(sizes), 1),
        "at a minimum": sum(end.stop_reason in RANKED_STOPS for end in ends),
        "mean evaluations": round(statistics.mean(1 + end.steps for end in ends), 1),
        "CPU s": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
