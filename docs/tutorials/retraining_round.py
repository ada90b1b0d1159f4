"""A round of retraining: DAO-P learns one chemical system from labels of CHGNet.

    python docs/tutorials/retraining_round.py [--quick] [--system Cu-S] [--out FOLDER]

CHGNet stands for DFT: it is a function of the crystal that DAO-P does not know exactly. Half of the
formulas are held out. The gate compares old and new model on them crystal by crystal: the round
helps where energy and force errors fall by more than their noise, which it names. Expect a few per
cent from a few hundred labels of other formulas: retraining is repeated, campaign after campaign.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import ase.io
import matplotlib as mpl
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from command import dao
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.validity import invalid_reason
from dao_core.potentials import Potential, load_potential
from dao_core.search.compositions import enumerate_compositions
from dao_core.search.sources import TemplateSource
from dao_core.search.target import parse_target
from dao_core.training.teacher_variants import perturbed

mpl.use("Agg")
import matplotlib.pyplot as plt

LEVEL = "chgnet-0.3.0"


def crystals(system: str, per_cell: int, max_atoms: int) -> dict[str, list[Structure]]:
    """Prototypes of every composition, as they are and shaken, by formula."""
    rng = np.random.default_rng(0)
    found: dict[str, list[Structure]] = {}
    for cell in enumerate_compositions(parse_target([system]), "auto", max_atoms):
        for proposal in TemplateSource().propose(cell, per_cell, seed=0):
            shaken = perturbed(proposal.structure, rng)
            good = [one for one in (proposal.structure, shaken) if invalid_reason(one) is None]
            found.setdefault(cell.formula, []).extend(good)
    return found


def energies(potential: Potential, structures: list[Structure]) -> np.ndarray:
    """Energy in eV/atom; NaN for a crystal that the potential cannot compute."""
    parts = [structures[i : i + 16] for i in range(0, len(structures), 16)]
    totals = [potential.evaluate(CrystalBatch.from_structures(part)).energy for part in parts]
    return np.concatenate([total.numpy() for total in totals]) / [len(one) for one in structures]


def write_labels(file: Path, structures: list[Structure]) -> None:
    """Label crystals with CHGNet and write extended XYZ."""
    frames = []
    for start in range(0, len(structures), 16):
        part = structures[start : start + 16]
        answer = load_potential("chgnet").evaluate(CrystalBatch.from_structures(part))
        for row, structure in enumerate(part):
            atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
            atoms.calc = SinglePointCalculator(
                atoms,
                energy=float(answer.energy[row]),
                forces=answer.forces[row, : len(structure)].numpy(),
                stress=answer.stress[row].numpy(),
            )
            frames.append(atoms)
    ase.io.write(file, frames, format="extxyz")


def on_common_scale(predicted: np.ndarray, true: np.ndarray, structures: list[Structure]):
    """Errors after the best energy per element, which no formation energy feels, is taken away."""
    symbols = sorted({site.specie.symbol for one in structures for site in one})
    shares = np.array([[s.composition.get_atomic_fraction(e) for e in symbols] for s in structures])
    offsets, *_ = np.linalg.lstsq(shares, true - predicted, rcond=None)
    return predicted + shares @ offsets - true


def main() -> None:
    """Label, retrain, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few crystals, to see it run")
    parser.add_argument("--system", default="Cu-S")
    parser.add_argument("--out", type=Path, default=Path("retraining-round"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    os.environ["DAO_HOME"] = str(given.out / "home")

    size = {"per_cell": 1, "max_atoms": 4} if given.quick else {"per_cell": 8, "max_atoms": 12}
    by_formula = crystals(given.system, **size)
    formulas = sorted(by_formula)
    held = [one for formula in formulas[::2] for one in by_formula[formula]]
    learned = [one for formula in formulas[1::2] for one in by_formula[formula]]
    for name, structures in (("held", held), ("learned", learned)):
        write_labels(given.out / f"{name}.extxyz", structures)
        dao("ingest", str(given.out / f"{name}.extxyz"), "--level", LEVEL)
    dao("store", "test-set", "holdout", str(given.out / "held.extxyz"))
    report = dao("retrain", LEVEL, *(["--steps", "5"] if given.quick else []))
    outcome = next(one for one in report["outcomes"] if one["kind"] == "predictor")

    true = energies(load_potential("chgnet"), held)
    models = {"before": "dao-p"}
    if outcome["promoted"]:
        models["after"] = f"dao-p:{next(given.out.glob('home/retraining/*/dao-p.safetensors'))}"
    fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharex=True, sharey=True)
    summary = {"system": given.system, "learned": len(learned), "held": len(held),
               "promoted": outcome["promoted"], "reason": outcome["reason"]}  # fmt: skip
    for axis, (name, potential) in zip(axes, models.items(), strict=False):
        error = on_common_scale(energies(load_potential(potential), held), true, held)
        summary[f"mae_{name}"] = float(np.nanmean(np.abs(error)))
        axis.scatter(true, true + error, s=12)
        axis.axline((float(true.min()),) * 2, slope=1, color="grey", linewidth=1)
        axis.set_title(f"{name}: {summary[f'mae_{name}'] * 1000:.0f} meV/atom")
        axis.set_xlabel("CHGNet, eV/atom")
    axes[0].set_ylabel("DAO-P, eV/atom")
    fig.savefig(given.out / "retraining_round.png", dpi=120, bbox_inches="tight")
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
