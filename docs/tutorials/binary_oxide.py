"""A binary oxide from nothing to a hull that is checked by DFT.

    python docs/tutorials/binary_oxide.py [--quick] [--system Mg-O] [--out FOLDER]

Needs pw.x (on Debian and Ubuntu: apt-get install quantum-espresso). The best of the ranking, the
elements, and what lies on the hull are computed by pw.x with the protocol `fast`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import matplotlib as mpl
from command import dao
from pymatgen.core import Composition

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    """Search, check, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few candidates, to see it run")
    parser.add_argument("--system", default="Mg-O")
    parser.add_argument("--out", type=Path, default=Path("binary-oxide"))
    given = parser.parse_args()
    os.environ.setdefault("DAO_HOME", str(given.out / "home"))

    if not any(family["installed"] for family in dao("pseudos", "list")["families"]):
        dao("pseudos", "install")
    effort = ["--candidates", "8", "--relax", "4", "--max-atoms", "2", "--sources", "template",
              "--dft-budget", "1"] if given.quick else [
        "--candidates", "60", "--relax", "24", "--dft-budget", "2"]  # fmt: skip
    found = dao("campaign", given.system, "--potential", "chgnet", *effort, "--dft", "qe",
                "--dft-protocol", "fast", "--out", str(given.out / "campaign"))  # fmt: skip
    second = given.system.split("-")[1]
    fig, axis = plt.subplots(figsize=(6, 4))
    table = []
    for row in found["ranking"]:
        share = Composition(row["formula"]).get_atomic_fraction(second)
        check = row["dft"] or {}
        axis.scatter(share, 1000 * (row["energy_above_hull"] or 0.0), s=14, color="tab:grey")
        if check.get("energy_above_hull") is not None:
            height = 1000 * check["energy_above_hull"]
            axis.scatter(share, height, s=60, facecolors="none", edgecolors="tab:red")
            axis.annotate(f"{row['formula']} {row['space_group']}", (share, height), fontsize=8)
            names = ("formula", "space_group", "energy_above_hull")
            table.append({**{name: row[name] for name in names}, "dft": check["energy_above_hull"]})
    axis.set(xlabel=f"share of {second}", ylabel="E above hull, meV/atom", ylim=(-20, 500))
    axis.set_title(f"{given.system}: CHGNet (dots), pw.x (rings)")
    fig.savefig(given.out / "binary_oxide.png", dpi=120, bbox_inches="tight")
    answer = {"system": given.system, "checked": table, "core_hours": found["dft"]["core_hours"]}
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
