"""How far the pressures of potentials hold, against PBE: the evidence for their domains.

    DAO_SHARED=... python benchmarks/pressure_range.py [--levels chgnet dao-p] [--json]

Single points of the set of MatterSim (Yang et al., arXiv:2405.04967): Materials Project crystals at
up to 5000 K and 1000 GPa, which neither potential was trained on. Every k-th crystal of at most
``--atoms`` atoms, by the pressure that PBE finds in it.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from printing import show
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials import Potential, load_potential
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

EDGES = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 1100.0)
"""GPa."""
BATCH = 16


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", default=["chgnet", "dao-p"])
    parser.add_argument("--every", type=int, default=2, metavar="K", help="every K-th crystal")
    parser.add_argument("--atoms", type=int, default=24, help="largest cell")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    if "DAO_SHARED" not in os.environ:
        raise SystemExit("DAO_SHARED does not name the folder of development data")
    file = Path(os.environ["DAO_SHARED"]) / "data" / "forces" / "mattersim_mpf-TP.json.gz"
    records = json.loads(gzip.decompress(file.read_bytes()))["records"]
    small = [r for r in records if r["natoms"] <= arguments.atoms][:: arguments.every]
    rows = [row for level in arguments.levels for row in judged(load_potential(level), small)]
    result = {
        "benchmark": "pressure range",
        "note": f"Pressure and forces of {len(small)} disturbed crystals against PBE, by the PBE "
        "pressure. Relative errors are medians; the force error is over the mean force.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def judged(potential: Potential, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each range of pressures."""
    reference = np.array([_pressure(np.array(r["stress_eV_A3"])) for r in records])
    found, forces = [], []
    for first in range(0, len(records), BATCH):
        chunk = records[first : first + BATCH]
        batch = CrystalBatch.from_structures(
            [Structure(r["lattice"], r["atomic_numbers"], r["frac_coords"]) for r in chunk]
        )
        evaluation = potential.evaluate(batch)
        for row, record in enumerate(chunk):
            known = np.array(record["forces"])
            error = evaluation.forces[row, : len(known)].cpu().numpy() - known
            forces.append(np.abs(error).mean() / max(np.abs(known).mean(), 1e-6))
            found.append(_pressure(evaluation.stress[row].cpu().numpy()))
    error, relative = np.array(found) - reference, np.array(forces)
    lines = []
    for low, high in itertools.pairwise(EDGES):
        within = (reference >= low) & (reference < high) & np.isfinite(error)
        if within.any():
            lines.append(
                {
                    "level": potential.level,
                    "PBE pressure": f"{low:g} to {high:g} GPa",
                    "crystals": int(within.sum()),
                    "MAE GPa": float(np.abs(error[within]).mean()),
                    "bias GPa": float(error[within].mean()),
                    "relative error": float(np.median(np.abs(error[within]) / reference[within])),
                    "relative force error": float(np.median(relative[within])),
                }
            )
    return lines


def _pressure(stress: np.ndarray) -> float:
    """GPa of a stress in eV/angstrom^3, negative when compressed."""
    return -float(np.trace(stress)) / 3 * EV_PER_CUBIC_ANGSTROM_IN_GPA


if __name__ == "__main__":
    main()
