"""How far energy differences of polymorphs may be off, by what independent potentials disagree.

    python benchmarks/doubt.py --fit SET --judge SET [--potentials NAME ...] [--json]

Each crystal is evaluated as DFT left it, and compared with the lowest of its formula by DFT. The
error of the first potential's difference is modelled as a normal law of variance a^2 + (b s)^2,
with s the root mean square of its disagreements with the others; for each alone, of a^2. Both are
fitted on one set; how
often errors lie within one and two standard deviations is counted on another, which decides
nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from printing import show
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import energies_of, load_potential

MOST_ATOMS = 16
PER_FORMULA = 5
ENERGIES = ("formation_energy_per_atom", "enthalpy_per_atom")
FLOORS = np.arange(0.004, 0.06, 0.002)
FACTORS = np.arange(0.0, 2.05, 0.1)


def main() -> None:
    """Evaluate, fit, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fit", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--potentials", nargs="+", default=["sevennet-0", "dao-p", "chgnet"])
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    names = arguments.potentials
    fit = differences(arguments.fit, names)
    judged = differences(arguments.judge, names)
    alone: list[tuple[str, list[str]]] = [(name, []) for name in names]
    together = [(names[0], names[1:count]) for count in range(2, len(names) + 1)]
    rows = [
        row for first, others in (*alone, *together) for row in _judged(first, others, fit, judged)
    ]
    show({"benchmark": "doubt of polymorph orders", "rows": rows}, as_json=arguments.json)


def differences(file: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Energies above DFT's lowest of the formula, ``[n]`` eV/atom, by potential and ``dft``."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in json.loads(gzip.decompress(file.read_bytes()))["records"]:
        if record["natoms"] <= MOST_ATOMS and len(set(record["atomic_numbers"])) > 1:
            groups[record["reduced_formula"]].append(record)
    chosen = {
        formula: _spread_out(sorted(records, key=_energy))
        for formula, records in groups.items()
        if len(records) > 1
    }
    flat = [record for records in chosen.values() for record in records]
    crystals = [Structure(r["lattice"], r["atomic_numbers"], r["frac_coords"]) for r in flat]
    energies = {"dft": np.array([_energy(record) for record in flat])}
    for name in names:
        potential = load_potential(name)
        energies[name] = np.array(
            [
                float(energies_of(potential, CrystalBatch.from_structures([one]))[0]) / len(one)
                for one in crystals
            ]
        )
    starts = np.cumsum([0, *(len(records) for records in chosen.values())])
    return {
        name: np.concatenate([v[a + 1 : b] - v[a] for a, b in pairwise(starts)])
        for name, v in energies.items()
    }


def _spread_out(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lowest and some of the others, over the whole range: neighbours are often one crystal."""
    count = min(PER_FORMULA, len(records))
    return [records[int(place)] for place in np.linspace(0, len(records) - 1, count)]


def _energy(record: dict[str, Any]) -> float:
    return next(float(record[key]) for key in ENERGIES if record.get(key) is not None)


def _judged(
    first: str,
    others: Sequence[str],
    fit: dict[str, np.ndarray],
    judged: dict[str, np.ndarray],
) -> list[dict[str, Any]]:
    """The law of one set of potentials and how it does on both sets."""
    floor, factor = _law(*_errors(first, others, fit))
    rows = []
    for name, data in (("fit", fit), ("judge", judged)):
        error, spread = _errors(first, others, data)
        std = np.sqrt(floor**2 + (factor * spread) ** 2)
        rows.append(
            {
                "set": name,
                "potential": first,
                "against": " + ".join(others) or "none",
                "differences": len(error),
                "a (eV/atom)": round(float(floor), 4),
                "b": round(float(factor), 2),
                "within 1 sigma": round(float(np.mean(np.abs(error) <= std)), 3),
                "within 2 sigma": round(float(np.mean(np.abs(error) <= 2 * std)), 3),
                "mean abs. error (meV/atom)": round(1000 * float(np.abs(error).mean()), 1),
                "mean sigma (meV/atom)": round(1000 * float(std.mean()), 1),
            }
        )
    return rows


def _errors(
    first: str, others: Sequence[str], data: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the first potential, and its disagreement with the others, ``[n]`` each."""
    own = data[first]
    squares = [(own - data[other]) ** 2 for other in others] or [np.zeros_like(own)]
    spread = np.sqrt(np.mean(squares, axis=0))
    kept = np.isfinite(own) & np.isfinite(spread)
    return (own - data["dft"])[kept], spread[kept]


def _law(error: np.ndarray, spread: np.ndarray) -> tuple[float, float]:
    """Floor and factor whose shares within one and two sigma are nearest to 68 and 95 per cent.

    Among equally good ones the likeliest is taken: errors have heavier tails than a normal law, and
    likelihood alone would follow the tails.
    """

    def miss(law: tuple[float, float]) -> tuple[float, float]:
        std = np.sqrt(law[0] ** 2 + (law[1] * spread) ** 2)
        shares = [np.mean(np.abs(error) <= k * std) for k in (1, 2)]
        off = abs(shares[0] - 0.683) + abs(shares[1] - 0.954)
        return round(float(off), 2), float(np.mean(np.log(std) + (error / std) ** 2 / 2))

    return min(((float(a), float(b)) for a, b in product(FLOORS, FACTORS)), key=miss)


if __name__ == "__main__":
    main()
