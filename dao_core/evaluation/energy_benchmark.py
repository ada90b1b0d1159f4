"""How good a potential is on a benchmark set: energies, ranks, relaxations, its own doubt.

Clean crystals are compared with the labels of the set. For crystals off equilibrium, and for what
a relaxation brought, another potential is the judge, since a model that is judged by itself always
goes down.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure
from scipy.stats import spearmanr

from dao_core.crystal.batch import CrystalBatch
from dao_core.evaluation.sets import Reference
from dao_core.potentials import Evaluation, Potential
from dao_core.predictor import PredictorPotential
from dao_core.relax import RelaxSettings, relax

BATCH_ATOMS = 512
"""Padded atoms that a potential is given at once."""
RATTLE = 0.1
"""Angstrom: standard deviation of the displacements of crystals off equilibrium, per axis."""
STRAIN = 0.03
"""Standard deviation of their strain."""
NOTICEABLE = 1e-3
"""eV/atom: a smaller fall of the energy is no fall."""


@dataclass(frozen=True)
class Energies:
    """What a potential says of crystals, in their order.

    Attributes:
        per_atom: ``[n]`` eV/atom, NaN where there is none.
        std: ``[n]`` eV/atom, NaN where it does not know.
        formation: ``[n]`` eV/atom above the elements, NaN where it has no elemental energies.
        forces: per crystal ``[N, 3]`` eV/angstrom.
    """

    per_atom: NDArray[np.float64]
    std: NDArray[np.float64]
    formation: NDArray[np.float64]
    forces: list[NDArray[np.float64]]


def energies_of(structures: Sequence[Structure], potential: Potential) -> Energies:
    """Ask a potential about crystals, in batches of like size."""
    n = len(structures)
    per_atom, std, formation = (np.full(n, np.nan) for _ in range(3))
    forces: list[NDArray[np.float64]] = [np.full((len(s), 3), np.nan) for s in structures]
    waiting = sorted(range(n), key=lambda i: len(structures[i]), reverse=True)
    while waiting:
        count = max(1, BATCH_ATOMS // len(structures[waiting[0]]))
        rows, waiting = waiting[:count], waiting[count:]
        batch = CrystalBatch.from_structures([structures[i] for i in rows])
        evaluation = potential.evaluate(batch)
        per_atom[rows] = (evaluation.energy / batch.natoms).numpy()
        std[rows] = _std(evaluation, len(rows))
        formation[rows] = _formation(potential, batch, evaluation)
        for row, i in enumerate(rows):
            forces[i] = evaluation.forces[row, : len(structures[i])].double().numpy()
    return Energies(per_atom, std, formation, forces)


def clean_figures(
    references: Sequence[Reference], labels: Sequence[float], energies: Energies
) -> dict[str, float | int | None]:
    """Errors against formation energies, rank within polymorphs, calibration.

    Args:
        references: those with a label.
        labels: eV/atom.
        energies: of a potential.

    Returns:
        ``n``; ``mae``, ``rmse``, ``bias`` in eV/atom and ``within_std``, ``within_two_std``,
        ``std_spearman``, None where the potential has no elemental energies or no uncertainty;
        ``spearman``, the mean over formulas with several labels, their number ``formulas``, and
        ``pair_accuracy``, the share of pairs of polymorphs in the right order.
    """
    wanted = np.array(labels, dtype=float)
    error = energies.formation - wanted
    known = np.isfinite(error)
    ranks, pairs = _ranks([r.formula for r in references], energies.per_atom, wanted)
    figures: dict[str, float | int | None] = {
        "n": len(wanted),
        "mae": _mean(np.abs(error[known])),
        "rmse": _root(_mean(error[known] ** 2)),
        "bias": _mean(error[known]),
        "spearman": _mean(np.array(ranks)),
        "formulas": len(ranks),
        "pair_accuracy": _mean(np.array(pairs)),
        "pairs": len(pairs),
    }
    return figures | calibration(np.abs(error[known]), energies.std[known])


def calibration(
    error: NDArray[np.float64], std: NDArray[np.float64]
) -> dict[str, float | int | None]:
    """Shares of errors within one and two standard deviations, and their rank correlation.

    A normal distribution has 0.683 and 0.954. None where no uncertainty is known.
    """
    known = np.isfinite(std) & np.isfinite(error)
    error, std = error[known], std[known]
    varied = len(error) > 2 and bool(np.ptp(std) > 0) and bool(np.ptp(error) > 0)
    return {
        "within_std": _mean(error < std),
        "within_two_std": _mean(error < 2 * std),
        "std_spearman": float(spearmanr(std, error).statistic) if varied else None,
    }


def disturbed(structure: Structure, seed: int) -> Structure:
    """A copy with moved atoms and a strained cell."""
    rng = np.random.default_rng(seed)
    strain = rng.normal(scale=STRAIN, size=(3, 3))
    lattice = structure.lattice.matrix @ (np.eye(3) + (strain + strain.T) / 2)
    moved = structure.frac_coords @ lattice + rng.normal(scale=RATTLE, size=(len(structure), 3))
    return Structure(
        Lattice(lattice), structure.species, moved, coords_are_cartesian=True, to_unit_cell=True
    )


def disturbed_figures(
    structures: Sequence[Structure], potential: Potential, judge: Potential, seed: int
) -> dict[str, Any]:
    """Off equilibrium: errors against the judge, and what relaxing there is worth to the judge.

    Args:
        structures: crystals at equilibrium; each is disturbed (:func:`disturbed`).
        potential: predicts and relaxes.
        judge: another potential on the same energy scale.
        seed: of the disturbance.

    Returns:
        ``n``; ``energy_mae`` (eV/atom) and ``forces_mae`` (eV/angstrom) against the judge, with
        calibration; ``lower``, the share of relaxations after which the judge's energy is lower,
        ``mean_fall`` (eV/atom), ``converged``; and ``excess``, how far above the judge's energy
        of the undisturbed crystal they ended (eV/atom, median).
    """
    starts = [disturbed(structure, seed + i) for i, structure in enumerate(structures)]
    ours, theirs = energies_of(starts, potential), energies_of(starts, judge)
    ends = relax(starts, potential, RelaxSettings())
    after = energies_of([end.structure for end in ends], judge).per_atom
    undisturbed = energies_of(structures, judge).per_atom
    fall = theirs.per_atom - after
    judged = np.isfinite(theirs.per_atom)
    error = np.abs(ours.per_atom - theirs.per_atom)
    forces = [np.abs(a - b).mean() for a, b in zip(ours.forces, theirs.forces, strict=True)]
    return {
        "n": len(starts),
        "judge": judge.level,
        "rattle": RATTLE,
        "strain": STRAIN,
        "energy_mae": _mean(error[np.isfinite(error)]),
        "forces_mae": _mean(np.array([f for f in forces if math.isfinite(f)])),
        **calibration(error, ours.std),
        "lower": _mean(np.nan_to_num(fall[judged], nan=-np.inf) > NOTICEABLE),
        "mean_fall": _mean(fall[np.isfinite(fall)]),
        "excess": _median(after - undisturbed),
        "converged": _mean(np.array([end.converged for end in ends])),
    }


def _std(evaluation: Evaluation, n: int) -> NDArray[np.float64]:
    if evaluation.energy_std is None:
        return np.full(n, np.nan)
    return np.asarray(evaluation.energy_std.double().numpy())


def _formation(
    potential: Potential, batch: CrystalBatch, evaluation: Evaluation
) -> NDArray[np.float64]:
    if not isinstance(potential, PredictorPotential):
        return np.full(len(batch.natoms), np.nan)
    elemental = potential.elemental_energy(batch)
    return np.asarray(((evaluation.energy - elemental) / batch.natoms).numpy())


def _ranks(
    formulas: Sequence[str], predicted: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[list[float], list[float]]:
    """Rank correlation of each formula, and whether each pair of polymorphs is in order."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, formula in enumerate(formulas):
        if np.isfinite(predicted[i]):
            members[formula].append(i)
    ranks, pairs = [], []
    for rows in members.values():
        if len(rows) > 1 and np.ptp(predicted[rows]) > 0 and np.ptp(wanted[rows]) > 0:
            ranks.append(float(spearmanr(predicted[rows], wanted[rows]).statistic))
            pairs += [
                float((predicted[i] < predicted[j]) == (wanted[i] < wanted[j]))
                for n, i in enumerate(rows)
                for j in rows[n + 1 :]
                if abs(wanted[i] - wanted[j]) > NOTICEABLE
            ]
    return ranks, pairs


def _mean(values: NDArray[Any]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _median(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)
