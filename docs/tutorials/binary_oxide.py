"""A binary oxide from nothing to a hull that is checked by DFT.

    python docs/tutorials/binary_oxide.py [--quick] [--system Mg-O] [--out FOLDER]

Needs pw.x (on Debian and Ubuntu: apt-get install quantum-espresso). The best of the ranking, the
elements, and what lies on the hull are computed by pw.x with the protocol `fast`. `--quick` ends
the DFT after twenty core-seconds: what was not reached says so, and the same command without it
goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
from command import dao
from pymatgen.core import Composition

mpl.use("Agg")
import matplotlib.pyplot as plt

QUICK = ("--candidates", "8", "--relax", "4", "--max-atoms", "2", "--sources", "template",
         "--dft-budget", "1", "--dft-core-hours", "0.0055")  # fmt: skip
FULL = ("--candidates", "60", "--relax", "24", "--max-atoms", "4", "--dft-budget", "2")


def main() -> None:
    """Search, check, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a taste, to see it run")
    parser.add_argument("--system", default="Mg-O")
    parser.add_argument("--out", type=Path, default=Path("binary-oxide"))
    given = parser.parse_args()
    os.environ.setdefault("DAO_HOME", str(given.out / "home"))

    if not any(family["installed"] for family in dao("pseudos", "list")["families"]):
        dao("pseudos", "install")
    words = ["campaign", given.system, "--out", str(given.out / "campaign")]
    words += ["--potential", "chgnet", "--dft", "qe", "--dft-protocol", "fast"]
    found = dao(*words, *(QUICK if given.quick else FULL))
    checked = draw(found["ranking"], given.system, given.out / "binary_oxide.png")
    dft = {name: found["dft"][name] for name in ("level", "core_hours", "competing")}
    print(json.dumps({"system": given.system, "checked": checked, "dft": dft}, indent=1))


def draw(ranking: list[dict[str, Any]], system: str, file: Path) -> list[dict[str, Any]]:
    """Draw both hulls into a file; the structures that pw.x was asked about."""
    second = system.split("-")[1]
    fig, axis = plt.subplots(figsize=(6, 4))
    checked = []
    for row in ranking:
        share = Composition(row["formula"]).get_atomic_fraction(second)
        if row["energy_above_hull"] is not None:
            axis.scatter(share, 1000 * row["energy_above_hull"], s=14, color="tab:grey")
        if row["dft"] is None:
            continue
        names = ("state", "reason", "energy_per_atom", "energy_above_hull")
        checked.append({"formula": row["formula"], "space_group": row["space_group"],
                        "chgnet": row["energy_above_hull"],
                        "dft": {name: row["dft"][name] for name in names}})  # fmt: skip
        if row["dft"]["energy_above_hull"] is not None:
            height = 1000 * row["dft"]["energy_above_hull"]
            axis.scatter(share, height, s=60, facecolors="none", edgecolors="tab:red")
            axis.annotate(f"{row['formula']} {row['space_group']}", (share, height), fontsize=8)
    axis.set(xlabel=f"share of {second}", ylabel="E above hull, meV/atom", ylim=(-20, 500))
    axis.set_title(f"{system}: CHGNet (dots), pw.x (rings)")
    fig.savefig(file, dpi=120, bbox_inches="tight")
    return checked


if __name__ == "__main__":
    main()
