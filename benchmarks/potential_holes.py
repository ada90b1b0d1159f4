"""Holes of potentials: dense random cells relaxed by each, and what of them would be ranked.

    python benchmarks/potential_holes.py [--potentials sevennet-0 chgnet] [--cells 200] [--json]

A hole is an end that would be ranked and lies far below the best that the same potential finds for
the formula from DAO-P's minima of the same cells. Universal potentials have such ends where they
never learned; a campaign never starts them from such cells, but its guards must hold if one does.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from printing import show
from pymatgen.core import Composition, Lattice, Structure

from dao_core.potentials import Potential, load_potential
from dao_core.relax import RANKED_STOPS, Relaxation, RelaxSettings, relax

FORMULAS = ("O3", "LiH3", "MgO2", "SiO2", "NaN3", "CN", "CaH3", "AlF2")
NEAREST = 0.8
"""Shortest distance over the sum of covalent radii at the start."""
HOLE = 0.5
"""eV/atom below the best minimum: no polymorph is missed by as much."""
SETTINGS = RelaxSettings(max_steps=150)
GUARDS = ("energy_floor", "energy_jump", "distance_guard", "volume_guard", "max_steps")


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = ["dao-p", "sevennet-0", "sevennet-l3i5", "chgnet"]
    parser.add_argument("--potentials", nargs="+", default=names)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    cells = [dense_cell(FORMULAS[n % len(FORMULAS)], random) for n in range(arguments.cells)]
    search = load_potential("dao-p")
    minima = [end for end in relax(cells, search, SETTINGS) if end.converged]
    rows = [row(name, cells, minima, search) for name in arguments.potentials]
    result = {
        "benchmark": "potential holes",
        "note": f"{len(cells)} dense random cells of {', '.join(FORMULAS)}, atoms from {NEAREST} "
        f"of the covalent sum, at most {SETTINGS.max_steps} steps. A ranked hole lies {HOLE} "
        "eV/atom below the best that the potential finds from the minima of DAO-P.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def dense_cell(formula: str, random: np.random.Generator) -> Structure:
    """One formula unit in a random cell, as dense as its atoms' radii let it be."""
    species = [site for site, n in Composition(formula).items() for _ in range(int(n))]
    radii = np.array([covalent_radii[atomic_numbers[one.symbol]] for one in species])
    closest = NEAREST * (radii[:, None] + radii)
    volume = float((closest.diagonal() ** 3).sum() * 0.5)
    while True:
        for _ in range(50):
            lattice = Lattice.from_parameters(
                *random.uniform(0.7, 1.4, 3), *random.uniform(60, 120, 3)
            )
            if not np.isfinite(lattice.volume) or lattice.volume < 0.1:
                continue
            cell = Structure(lattice.scale(volume), species, random.random((len(species), 3)))
            if _is_loose(cell, closest):
                return cell
        volume *= 1.1


def _is_loose(cell: Structure, closest: np.ndarray) -> bool:
    first, second, _, distance = cell.get_neighbor_list(float(closest.max()))
    return bool((distance >= closest[first, second]).all())


def row(
    name: str, cells: Sequence[Structure], minima: Sequence[Relaxation], search: Potential
) -> dict[str, Any]:
    """How the relaxations of one potential ended."""
    potential = load_potential(name)
    begun = time.process_time()
    second = None if name == "dao-p" else search
    ends = relax(cells, potential, SETTINGS, second=second)
    seconds = time.process_time() - begun
    best: dict[str, float] = {}
    for end in relax([one.structure for one in minima], potential, SETTINGS, second=second):
        formula = end.structure.composition.reduced_formula
        if end.converged and end.energy_per_atom is not None:
            best[formula] = min(end.energy_per_atom, best.get(formula, end.energy_per_atom))
    stops = Counter(end.stop_reason for end in ends)
    ranked = [end for end in ends if end.stop_reason in RANKED_STOPS]
    holes = sum(
        (end.energy_per_atom or 0.0) < best.get(end.structure.composition.reduced_formula, 0) - HOLE
        for end in ranked
    )
    return {
        "potential": potential.level,
        "cells": len(cells),
        "ranked": len(ranked),
        "ranked holes": holes,
        **{reason: stops[reason] for reason in GUARDS},
        "CPU s": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
