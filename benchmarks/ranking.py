"""What ranks samples best: prior, energy, votes of noise, and weights fitted in folds of formulas.

    python benchmarks/ranking.py SET [--limit 500] [--samples 20] [--seed 0] [--json]

Every composition of the set gets samples of DAO-G, whose energies are those of DAO-P at the best of
three volumes. A rule chooses one of them; its figure is the share of compositions whose chosen
sample matches (loose tolerances), with its standard error over compositions. ``fitted`` takes the
weights of energy and votes that make the matching samples likeliest (conditional logit) on four
fifths of the formulas, and is judged on the last fifth, in turn.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from printing import show
from scipy.optimize import minimize

from dao_core.crystal.matching import LOOSE
from dao_core.crystal.validity import invalid_reason
from dao_core.evaluation.matching import match_pairs
from dao_core.evaluation.sets import Reference, read_set
from dao_core.generator.generate import Generator, load_generator
from dao_core.generator.preference import TEMPERATURE, VOTE, chances, votes_of_noise
from dao_core.potentials import Potential, load_potential
from dao_core.potentials.volume_scan import volume_scan

FOLDS = 5
NO_RIVAL = 10.0
"""eV/atom above the lowest, at which a sample without an energy stands."""
Weights = tuple[float, float]
"""Of the energy (per eV/atom) and of a vote; the logarithm of the probability has weight 1."""


@dataclass(frozen=True)
class Asked:
    """The samples of one composition, ``[k]`` each.

    Attributes:
        formula: reduced.
        log_chance: of the prior.
        energy: eV/atom, infinite where there is none.
        votes: of samples from noise.
        matches: whether it matches the reference.
    """

    formula: str
    log_chance: NDArray[np.float64]
    energy: NDArray[np.float64]
    votes: NDArray[np.float64]
    matches: NDArray[np.bool_]

    def scores(self, weights: Weights) -> NDArray[np.float64]:
        """The higher, the better."""
        relative = np.minimum(self.energy - self.energy.min(), NO_RIVAL)
        return self.log_chance - weights[0] * relative + weights[1] * self.votes


def asked_for(
    references: Sequence[Reference], generator: Generator, potential: Potential, k: int, seed: int
) -> list[Asked]:
    """Sample, scan and match."""
    compositions = [reference.structure.composition for reference in references]
    made = list(generator.generate(compositions, k, seed=seed, beyond_domain=True))
    rows = [made[start : start + k] for start in range(0, len(made), k)]
    usable = [(r, s) for r, row in enumerate(rows) for s in range(k) if not _invalid(row[s])]
    scanned = volume_scan([rows[r][s].structure for r, s in usable], potential)
    energy = np.full((len(rows), k), math.inf)
    for (r, s), one in zip(usable, scanned, strict=True):
        energy[r, s] = math.inf if one.energy_per_atom is None else one.energy_per_atom
    pairs = [(rows[r][s].structure, references[r].structure) for r, s in usable]
    matches = np.zeros((len(rows), k), dtype=bool)
    for (r, s), pair in zip(usable, match_pairs(pairs, LOOSE), strict=True):
        matches[r, s] = pair.rmse is not None
    return [
        Asked(
            references[r].formula,
            np.log(chances(row)),
            energy[r],
            np.array(votes_of_noise(row), dtype=float),
            matches[r],
        )
        for r, row in enumerate(rows)
        if np.isfinite(energy[r]).any()
    ]


def _invalid(crystal: Any) -> bool:
    return invalid_reason(crystal.structure) is not None


def fitted(asked: Sequence[Asked]) -> Weights:
    """The weights under which matching samples are likeliest."""
    able = [one for one in asked if one.matches.any() and not one.matches.all()]

    def loss(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for one in able:
            scores = one.scores((weights[0], weights[1]))
            scores = scores - scores.max()
            total += math.log(np.exp(scores).sum()) - math.log(
                np.exp(scores[one.matches]).sum() + 1e-12
            )
        return total / len(able)

    best = minimize(loss, np.array([1 / TEMPERATURE, VOTE]), method="Nelder-Mead")
    return float(best.x[0]), float(best.x[1])


def chosen_by(asked: Sequence[Asked], weights: Weights) -> NDArray[np.bool_]:
    """Whether the sample of highest score matches."""
    return np.array([one.matches[int(one.scores(weights).argmax())] for one in asked])


def in_folds(asked: Sequence[Asked], seed: int) -> tuple[NDArray[np.bool_], list[Weights]]:
    """Each formula judged by weights that were fitted without it."""
    formulas = sorted({one.formula for one in asked})
    order = np.random.default_rng(seed).permutation(len(formulas))
    fold_of = {formulas[place]: rank % FOLDS for rank, place in enumerate(order)}
    found = np.zeros(len(asked), dtype=bool)
    every: list[Weights] = []
    for fold in range(FOLDS):
        inside = np.array([fold_of[one.formula] == fold for one in asked])
        weights = fitted([one for one, held in zip(asked, inside, strict=True) if not held])
        found[inside] = chosen_by(
            [a for a, held in zip(asked, inside, strict=True) if held], weights
        )
        every.append(weights)
    return found, every


def rows(asked: Sequence[Asked], seed: int) -> list[dict[str, Any]]:
    """One line for each rule."""
    rules: dict[str, Callable[[Asked], bool]] = {
        "first sample": lambda one: bool(one.matches[0]),
        "any sample": lambda one: bool(one.matches.any()),
        "lowest energy": lambda one: bool(one.matches[int(one.energy.argmin())]),
    }
    found = {name: np.array([rule(one) for one in asked]) for name, rule in rules.items()}
    found["as shipped"] = chosen_by(asked, (1 / TEMPERATURE, VOTE))
    found["without votes"] = chosen_by(asked, (1 / TEMPERATURE, 0.0))
    found["fitted in folds"], weights = in_folds(asked, seed)
    first = found["first sample"]
    listed = [
        {
            "rule": name,
            "share": float(flags.mean()),
            "se": float(flags.std() / math.sqrt(len(flags))),
            "over_first": float(flags.mean() - first.mean()),
            "over_first_se": float((flags.astype(float) - first).std() / math.sqrt(len(flags))),
        }
        for name, flags in found.items()
    ]
    listed[-1]["weights"] = [[round(value, 2) for value in pair] for pair in weights]
    return listed


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path, help="record file of references")
    parser.add_argument("--limit", type=int, default=500, help="references, drawn at random")
    parser.add_argument("--atoms", type=int, nargs=2, default=(1, 20), help="least and most")
    parser.add_argument("--samples", type=int, default=20, help="of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(1)
    references = read_set(options.set).chosen(options.limit, tuple(options.atoms)).references
    generator, potential = load_generator(), load_potential("dao-p")
    asked = asked_for(references, generator, potential, options.samples, options.seed)
    result = {
        "benchmark": "ranking",
        "set": options.set.name,
        "n": len(asked),
        "samples": options.samples,
        "seed": options.seed,
        "model": generator.checkpoint_hash,
        "level": potential.level,
        "rows": rows(asked, options.seed),
    }
    show(result, as_json=options.json)


if __name__ == "__main__":
    main()
