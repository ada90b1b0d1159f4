"""Highest phonons of potentials against density-functional perturbation theory.

    DAO_SHARED=... python benchmarks/phonons.py [--limit N] [--levels chgnet dao-p] [--json]

The last peak of the phonon density of states of crystals of the set of Petretto et al. (Sci. Data
5, 180065 (2018), PBEsol), 1/cm. A subset: of the crystals with at most ``--atoms`` atoms every k-th
in the order of the file. Each is relaxed within its symmetry at the level of the potential first.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from printing import show
from pymatgen.core import Structure

from dao_core.crystal.asked import Crystal
from dao_core.errors import CalculationError
from dao_core.interpretation.phonons import PhononSettings, find_phonons
from dao_core.potentials import load_potential


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", default=["chgnet", "dao-p"])
    parser.add_argument("--limit", type=int, default=100, help="crystals")
    parser.add_argument("--atoms", type=int, default=5, help="largest primitive cell")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    if "DAO_SHARED" not in os.environ:
        raise SystemExit("DAO_SHARED does not name the folder of development data")
    data = Path(os.environ["DAO_SHARED"]) / "data" / "phonons" / "matbench_phonons.json.gz"
    labelled = chosen(json.loads(gzip.decompress(data.read_bytes()))["records"], arguments)
    result = {
        "benchmark": "phonons",
        "note": f"Last peak of the phonon density of states, 1/cm, against DFPT (PBEsol, Petretto "
        f"2018): {len(labelled)} crystals, every k-th of those with at most {arguments.atoms} "
        "atoms. MAPE is the mean of |error| over the reference.",
        "rows": [judged(level, labelled) for level in arguments.levels],
    }
    show(result, as_json=arguments.json)


def chosen(
    records: Sequence[dict[str, Any]], arguments: argparse.Namespace
) -> list[tuple[Crystal, float]]:
    """The subset: crystals and their last peak, 1/cm."""
    small = [record for record in records if record["natoms"] <= arguments.atoms]
    step = max(1, len(small) // arguments.limit)
    return [
        (
            Crystal(
                record["material_id"],
                Structure(record["lattice"], record["atomic_numbers"], record["frac_coords"]),
            ),
            record["last_phdos_peak"],
        )
        for record in small[::step][: arguments.limit]
    ]


def judged(level: str, labelled: Sequence[tuple[Crystal, float]]) -> dict[str, Any]:
    """Errors of one level over all crystals that it can relax."""
    potential, begun = load_potential(level), time.process_time()
    pairs, unstable, failed = [], 0, 0
    for crystal, peak in labelled:
        try:
            found = find_phonons(crystal, potential, PhononSettings())
        except CalculationError:
            failed += 1
            continue
        unstable += found.phonons.unstable
        if found.harmonic.last_dos_peak is not None:
            pairs.append((found.harmonic.last_dos_peak, peak))
    peaks, reference = np.array(pairs).T
    error = peaks - reference
    return {
        "level": potential.level,
        "crystals": len(pairs),
        "not relaxed": failed,
        "called unstable": unstable,
        "MAE": float(np.abs(error).mean()),
        "median |error|": float(np.median(np.abs(error))),
        "bias": float(error.mean()),
        "MAPE": float((np.abs(error) / reference).mean()),
        "CPU s per crystal": (time.process_time() - begun) / len(labelled),
    }


if __name__ == "__main__":
    main()
