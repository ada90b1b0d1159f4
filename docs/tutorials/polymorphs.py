"""A polymorph study: the crystals of one formula by two potentials.

    python docs/tutorials/polymorphs.py [--quick] [--formula TiO2] [--out FOLDER]

CHGNet searches and ranks; the shipped DAO-P is asked for a second opinion on the same crystals.
Where the two disagree about the order, the order is not known.
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

SHOWN = 0.3
"""eV/atom above the lowest that the figure shows."""


def main() -> None:
    """Search, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few candidates, to see it run")
    parser.add_argument("--formula", default="TiO2")
    parser.add_argument("--out", type=Path, default=Path("polymorphs"))
    given = parser.parse_args()
    os.environ["DAO_HOME"] = str(given.out / "home")

    effort = ["--candidates", "6", "--relax", "3", "--z", "1,2"] if given.quick else [
        "--candidates", "80", "--relax", "32"]  # fmt: skip
    sources = ["--sources", "template"] if given.quick else []
    found = dao("campaign", given.formula, "--potential", "chgnet", *effort, *sources,
                "--out", str(given.out / "campaign"))  # fmt: skip
    second = dao("predict", str(given.out / "campaign" / "cif"))  # the files are in order of rank
    formula = Composition(given.formula).reduced_formula
    table = [
        {
            "space_group": row["space_group"],
            "volume": row["volume_per_atom"],
            "chgnet": row["energy_per_atom"],
            "dao_p": opinion["energy_per_atom"],
        }
        for row, opinion in zip(found["ranking"], second["structures"], strict=True)
        if row["formula"] == formula
    ]
    for potential in ("chgnet", "dao_p"):
        lowest = min(row[potential] for row in table)
        for row in table:
            row[potential] -= lowest
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    for row in table:
        if row["chgnet"] <= SHOWN:
            left.scatter(row["volume"], 1000 * row["chgnet"], color="tab:blue")
            left.annotate(row["space_group"], (row["volume"], 1000 * row["chgnet"]), fontsize=7)
            right.scatter(1000 * row["chgnet"], 1000 * row["dao_p"], color="tab:blue")
    left.set(xlabel="volume, Å³/atom", ylabel="CHGNet: E above lowest, meV/atom")
    right.axline((0, 0), slope=1, color="grey", linewidth=1)
    right.set(xlabel="CHGNet, meV/atom", ylabel="DAO-P at the same crystals, meV/atom")
    fig.savefig(given.out / "polymorphs.png", dpi=120, bbox_inches="tight")
    print(json.dumps({"formula": formula, "polymorphs": table[:8]}, indent=1))


if __name__ == "__main__":
    main()
