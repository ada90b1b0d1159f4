"""Rounds of retraining: DAO-P learns one chemical system from labels of CHGNet.

    python docs/tutorials/retraining_round.py [--quick] [--system Fe-P] [--out FOLDER]

CHGNet stands for DFT: it is a function of the crystal that DAO-P does not know exactly. Two rounds
start from the shipped model, each in a store of its own: one half of the formulas is learned, the
other held out, then the other way round. So every formula is judged once by a model that never saw
it, and the gain comes with a standard error over formulas. In each round the gate compares old and
new model on the held-out crystals and promotes where no figure gets worse.

In the run of the picture (30 November 2026, two cores, six minutes, seed 0) 552 crystals of 14
formulas were labelled, prototypes as they are and shaken. Both models were promoted, and the error
on formulas that a model never saw fell from 144 to 90 meV/atom: 54 +- 11 better, 12 of 14 formulas.
Fe-P was chosen among twelve systems because DAO-P is far from CHGNet there. Where it is near
already, expect less, or nothing.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

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


def one_round(
    out: Path, learned: list[Structure], held: list[Structure], extra: list[str]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Retrain on some crystals in a store of its own; the outcome, and errors on the others.

    Errors are in eV/atom, of the model before the round and of the one that serves after it.
    """
    os.environ["DAO_HOME"] = str(out / "home")
    for name, structures in (("held", held), ("learned", learned)):
        write_labels(out / f"{name}.extxyz", structures)
        dao("ingest", str(out / f"{name}.extxyz"), "--level", LEVEL)
    dao("store", "test-set", "holdout", str(out / "held.extxyz"))
    report = dao("retrain", LEVEL, *extra)
    outcome = next(one for one in report["outcomes"] if one["kind"] == "predictor")
    models = {"before": "dao-p", "after": "dao-p"}
    if outcome["promoted"]:
        models["after"] = f"dao-p:{next(out.glob('home/retraining/*/dao-p.safetensors'))}"
    true = energies(load_potential("chgnet"), held)
    return outcome, {
        name: np.abs(on_common_scale(energies(load_potential(potential), held), true, held))
        for name, potential in models.items()
    }


def main() -> None:
    """Label, retrain, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of a few crystals")
    parser.add_argument("--system", default="Fe-P")
    parser.add_argument("--out", type=Path, default=Path("retraining-round"))
    given = parser.parse_args()

    size = {"per_cell": 1, "max_atoms": 4} if given.quick else {"per_cell": 8, "max_atoms": 12}
    by_formula = crystals(given.system, **size)
    formulas = sorted(by_formula)
    halves = formulas[1::2], formulas[::2]
    rounds, errors = [], {}
    for number, (learn, hold) in enumerate([halves] if given.quick else [halves, halves[::-1]]):
        learned, held = ([one for f in part for one in by_formula[f]] for part in (learn, hold))
        out = given.out / f"round-{number}"
        out.mkdir(parents=True, exist_ok=True)
        outcome, error = one_round(out, learned, held, ["--steps", "5"] if given.quick else [])
        rounds.append({"learned": len(learned), "held": len(held),
                       **{name: outcome[name] for name in ("promoted", "reason")}})  # fmt: skip
        owner = np.repeat(hold, [len(by_formula[f]) for f in hold])
        for formula in hold:
            errors[formula] = {k: float(np.nanmean(v[owner == formula])) for k, v in error.items()}
    summary = {"system": given.system, "rounds": rounds, **gain(errors)}
    draw(errors, summary, given.out / "retraining_round.png")
    print(json.dumps(summary, indent=1))


def gain(errors: dict[str, dict[str, float]]) -> dict[str, float]:
    """Mean error over formulas before and after, and the gain with its standard error."""
    before, after = (np.array([e[name] for e in errors.values()]) for name in ("before", "after"))
    spread = float(np.std(before - after, ddof=1) / np.sqrt(len(before)))
    return {"formulas": len(before), "better": int((after < before).sum()),
            "mae_before": float(before.mean()), "mae_after": float(after.mean()),
            "gain": float((before - after).mean()), "standard_error": spread}  # fmt: skip


def draw(errors: dict[str, dict[str, float]], summary: dict[str, Any], file: Path) -> None:
    """Draw the mean error of each formula before and after, in meV/atom."""
    fig, axis = plt.subplots(figsize=(4.5, 4.2))
    for formula, one in errors.items():
        place = (1000 * one["before"], 1000 * one["after"])
        axis.scatter(*place, s=16, color="tab:blue")
        axis.annotate(formula, place, fontsize=7)
    axis.axline((0, 0), slope=1, color="grey", linewidth=1)
    axis.set(xlabel="before, meV/atom", ylabel="after, meV/atom")
    gained, spread = 1000 * summary["gain"], 1000 * summary["standard_error"]
    title = f"{summary['system']}, held-out formulas: {gained:.0f} ± {spread:.0f} meV/atom better"
    axis.set_title(title, fontsize=9)
    fig.savefig(file, dpi=100, bbox_inches="tight")


if __name__ == "__main__":
    main()
