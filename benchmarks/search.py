"""Search: which known phases a campaign finds, after how many relaxations and seconds.

    python benchmarks/search.py [--quick] [--json] [--systems Mg-O,Na-Cl] [--arms dao,random]
                                [--potential dao-p] [--relax 100] [--out DIR] [--cryspy PYTHON]

For each chemical system the known phases (AFLOW prototypes with the system's elements, and with
``DAO_SHARED`` the stable phases of ``data/reference_phases``) are relaxed with the potential of
the search; a phase counts as found when a relaxed candidate is the same crystal. Arms: the
campaign with its default sources (``dao``), templates alone, DAO-G alone, symmetric random cells of
which every one is relaxed (``random``: the campaign's own screening says which first; ``random, as
drawn``: the same relaxations in the order of the draws, each for its own price, which is a search
by random crystals and nothing else), and with ``--cryspy`` CrySPY's evolutionary search of the
first compound (``cryspy_search.py``), which is told the formula. All use the same relaxer. A
finished arm of a system is kept in ``--out`` and not run again, so that the benchmark can be run in
pieces; an interrupted one goes on where it stopped. Relaxations are written in batches of at most
16, so relaxations and seconds until a phase is found count its whole batch. Seconds are wall clock
of proposing, screening and relaxing without the start of the program.

The known structure of a binary is among the templates, so ``template`` and ``dao`` are told more
than ``dao-g`` and ``random``; the table therefore stands beside theirs, not against them.

    python benchmarks/search.py --systems TiO2,SiO2,ZnS,C,BN,CaCO3 --relax 500     polymorphs
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from known_phases import KNOWN, Phase, known_phases
from printing import show
from pymatgen.core import Composition
from search_arms import ARMS, AS_DRAWN, CRYSPY, Arm, End, as_drawn, formula_for_cryspy, run_arm

from dao_core.crystal.deduplication import same_crystal
from dao_core.potentials import load_potential
from flows.campaign.server import prefect_server

QUICK = ("Mg-O", "Si")
NEAR = 0.05
"""eV/atom above the best known phase of its composition: near-stable."""
GROUND_STATE_ATOMS = 8


def judged(system: str, name: str, arm: Arm, phases: Sequence[Phase]) -> Iterator[dict[str, Any]]:
    """One row for each known phase of what the arm looked for."""
    for phase in phases:
        best = min(p.energy_per_atom for p in phases if p.formula == phase.formula)
        same = [
            end
            for end in arm.ends
            if end.formula == phase.formula and same_crystal(end.structure, phase.structure)
        ]
        first = min(same, key=lambda end: end.relaxations, default=None)
        lowest = min((end.energy_per_atom for end in same), default=None)
        yield {
            "system": system,
            "arm": name,
            "phase": phase.name,
            "atoms": len(phase.structure),
            "above best known (eV/atom)": round(phase.energy_per_atom - best, 4),
            "rank in formula": None if lowest is None else _rank(lowest, phase.formula, arm.ends),
            "relaxations": None if first is None else first.relaxations,
            "search s": None if first is None else round(first.seconds, 1),
        }


def _rank(energy: float, formula: str, ends: Sequence[End]) -> int:
    """Place by energy among distinct energies (1 meV/atom) of the same formula."""
    energies = (end.energy_per_atom for end in ends if end.formula == formula)
    return 1 + len({round(1000 * other) for other in energies if other < energy - 1e-3})


def by_phase(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each known phase: rank in its formula, relaxations and seconds of every arm."""
    phases: dict[tuple[str, str], dict[str, Any]] = {}
    common = ("system", "phase", "atoms", "above best known (eV/atom)")
    for row in rows:
        phase = phases.setdefault((row["system"], row["phase"]), {key: row[key] for key in common})
        phase[row["arm"]] = (
            "not found"
            if row["relaxations"] is None
            else f"rank {row['rank in formula']}, {row['relaxations']}, {row['search s']} s"
        )
    arms = dict.fromkeys(row["arm"] for row in rows)
    return [{**dict.fromkeys((*common, *arms), "not asked for"), **row} for row in phases.values()]


def summary(rows: Sequence[dict[str, Any]], arms: dict[tuple[str, str], Arm]) -> Iterator[Any]:
    """Each arm over all systems: what share was found, and how much later than by ``dao``."""
    for name in dict.fromkeys(name for _, name in arms):
        own = [row for row in rows if row["arm"] == name]
        ground = [row for row in own if _is_ground_state(row)]
        near = [row for row in own if row["above best known (eV/atom)"] < NEAR]
        searched = [arm for (_, arm_name), arm in arms.items() if arm_name == name]
        slower = [ratio for row in ground if (ratio := _slower(row, rows, arms)) is not None]
        yield {
            "arm": name,
            "systems": len(searched),
            "ground states of at most 8 atoms": len(ground),
            "found": sum(row["relaxations"] is not None for row in ground),
            "of compounds": sum(map(_is_compound, ground)),
            "of these found within 100 relaxations": sum(
                _is_compound(row) and (row["relaxations"] or 1e9) <= 100 for row in ground
            ),
            "phases below 50 meV/atom": len(near),
            "of these found": sum(row["relaxations"] is not None for row in near),
            "median relaxations to a ground state": _median(
                [row["relaxations"] for row in ground if row["relaxations"] is not None]
            ),
            "median of seconds to a ground state over those of dao": _median(slower),
            "relaxations": sum(arm.relaxations for arm in searched),
            "search s": round(sum(arm.seconds for arm in searched), 1),
            "CPU s": round(sum(arm.cpu_seconds for arm in searched), 1),
        }


def _is_ground_state(row: dict[str, Any]) -> bool:
    return row["above best known (eV/atom)"] == 0 and row["atoms"] <= GROUND_STATE_ATOMS


def _is_compound(row: dict[str, Any]) -> bool:
    return len(Composition(row["phase"].split()[0])) > 1


def _slower(
    row: dict[str, Any], rows: Sequence[dict[str, Any]], arms: dict[tuple[str, str], Arm]
) -> float | None:
    """Seconds of an arm over those of ``dao``; not found counts as all that it searched."""
    same = ("system", "phase")
    ours = [r for r in rows if r["arm"] == "dao" and all(r[key] == row[key] for key in same)]
    if not ours or ours[0]["search s"] is None:
        return None
    seconds = row["search s"]
    if seconds is None:
        seconds = arms[row["system"], row["arm"]].seconds
    return float(seconds / ours[0]["search s"])


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def main() -> None:
    """Run what is missing of every system and arm, and print the table or one JSON object."""
    options = _options()
    systems = options.systems.split(",") if options.systems else QUICK if options.quick else KNOWN
    names = [*filter(None, options.arms.split(",")), *([CRYSPY] if options.cryspy else [])]
    potential = load_potential(options.potential)
    arms: dict[tuple[str, str], Arm] = {}
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        if any(not (options.out / s / n / "cpu_seconds.json").is_file()
               for s, n in itertools.product(systems, names)):  # fmt: skip
            stack.enter_context(prefect_server())
        for system in systems:
            phases = known_phases(system, potential, options.out / system / "known.json")
            for name in names:
                if name == CRYSPY and formula_for_cryspy(system) is None:
                    continue
                arm = arms[system, name] = run_arm(system, name, options)
                looked_for = {end.formula for end in arm.ends} if name == CRYSPY else None
                known = [p for p in phases if looked_for is None or p.formula in looked_for]
                rows.extend(judged(system, name, arm, known))
                if name == "random":
                    arm = arms[system, AS_DRAWN] = as_drawn(options.out / system / name, arm)
                    rows.extend(judged(system, AS_DRAWN, arm, known))
    found = {
        "level": potential.level, "relax": options.relax, "seed": options.seed,
        "cryspy": "csp-cryspy, EA, told the formula" if options.cryspy else None,
        "note": f"Energies at level {potential.level}; at most {options.relax} relaxations of what "
        "was asked for in each arm and system (phases of a hull of formulas besides). "
        "Not found counts as all seconds searched: a lower bound. Arms that were run before are "
        "read from --out; their seconds are those of that time, on a machine that others used too, "
        "and CPU s since an arm's last interruption. Of each phase and arm: rank by energy in what "
        "the arm found of its formula, relaxations and seconds until it was found.",
        "rows": [*summary(rows, arms), *by_phase(rows)],
    }  # fmt: skip
    show(found, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two systems, 16 relaxations")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--systems", default="", help="comma list; default: all of the table")
    parser.add_argument("--arms", default=",".join(ARMS), help="comma list")
    parser.add_argument("--cryspy", default="", help="Python of an environment with csp-cryspy")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--relax", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("search-benchmark"))
    options = parser.parse_args()
    if options.quick:
        options.relax, options.out = 16, options.out / "quick"
    return options


if __name__ == "__main__":
    main()
