"""Critical temperatures: what crystal structure adds to composition.

    DAO_SHARED=... python benchmarks/superconductors.py [--quick] [--json]

The 843 electron-phonon calculations of JARVIS in five folds; all entries of one reduced formula are
in one fold. The label is ln max(Tc, 0.1 K): below that a calculation says "none". Every model is a
kernel ridge regression whose width and ridge are chosen by four folds inside the training part:

* composition: means, spreads and extremes of element properties, and the amounts of the elements;
* structure: volume per atom, neighbour distances, and features of the frozen DAO-P averaged over
  the atoms;
* generated structure: the same of a crystal that DAO-G and DAO-P made of the composition of the
  primitive cell alone, as for a formula whose crystal nobody knows. The regression has learned from
  the known crystals of other formulas, or from generated ones of those;
* "taught by Alexandria": the prediction of the same regression fitted to the electron-phonon
  calculations of Alexandria (another functional and code), those of all formulas of JARVIS left
  out, is one more feature.

Errors are paired: the gain is by how much the error of a model is below that of composition alone
with the same labels, in standard errors of the mean of the differences.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from printing import show
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist
from superconductor_features import FLOOR, Labelled, labelled, structure_features
from superconductor_structures import SAMPLES, generated_for, share_of_formulas_trained_on

FOLDS = 5
INNER_FOLDS = 4
WIDTHS = (0.5, 1.0, 2.0)
"""Of the kernel, in units of the median distance."""
RIDGES = (0.03, 0.1, 0.3, 1.0)


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few hundred labels, no teacher")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    parser.add_argument("--teacher", type=int, help="labels of Alexandria, all 5,957 by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the folds")
    arguments = parser.parse_args()
    if "DAO_SHARED" not in os.environ:
        raise SystemExit("DAO_SHARED does not name the folder of development data")
    data = Path(os.environ["DAO_SHARED"]) / "data"
    begun = time.process_time()
    limit = 200 if arguments.quick else None
    jarvis = labelled(data / "superconductors" / "jarvis_supercon3d.json.gz", limit)
    teacher = labelled(data / "train" / "alexandria_supercon.json.gz", limit or arguments.teacher)
    generated = generated_for(jarvis.crystals)
    trained_on = share_of_formulas_trained_on(jarvis.formulas.tolist(), data / "train")
    seeds = arguments.seeds[:1] if arguments.quick else arguments.seeds
    rows = compare(jarvis, structure_features(generated.structures), teacher, seeds)
    result = {
        "benchmark": "superconductors",
        "note": f"JARVIS electron-phonon set, {len(jarvis.target)} crystals, {len(teacher.target)} "
        f"of Alexandria as teacher; {FOLDS} folds by formula, seeds {list(seeds)}; error of "
        f"ln max(Tc, {FLOOR} K); {time.process_time() - begun:.0f} CPU seconds. Of {SAMPLES} "
        f"samples of each cell the lowest is the known crystal for {generated.matched:.1%}; "
        f"{trained_on:.1%} of the formulas are in the training set of DAO-G.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def compare(
    jarvis: Labelled, generated: np.ndarray, teacher: Labelled, seeds: Sequence[int]
) -> list[dict[str, Any]]:
    """One row for each model; errors of every crystal, averaged over the seeds of the folds.

    Args:
        jarvis: labelled crystals.
        generated: ``[n, S]`` features of a generated crystal in the place of each.
        teacher: labels of another source.
        seeds: of the folds.
    """
    both = [jarvis.composition, jarvis.structure]
    made = [jarvis.composition, generated]
    errors: dict[str, list[np.ndarray]] = {}
    taught = taught_feature(jarvis, teacher, structure=True)
    taught_flat = taught_feature(jarvis, teacher, structure=False)
    for seed in seeds:
        folds = folds_by_group(jarvis.formulas, FOLDS, seed)
        models: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
            "mean": lambda train, test: np.full(len(test), jarvis.target[train].mean()),
            "median": lambda train, test: np.full(len(test), np.median(jarvis.target[train])),
            "composition": regression([jarvis.composition], jarvis),
            "composition + structure": regression(both, jarvis),
            "composition + generated structure, learned on known ones": regression(
                both, jarvis, made
            ),
            "composition + generated structure, learned on generated ones": regression(
                made, jarvis
            ),
            "composition, taught by Alexandria": regression(
                [jarvis.composition, taught_flat], jarvis
            ),
            "composition + structure, taught by Alexandria": regression([*both, taught], jarvis),
        }
        for name, model in models.items():
            predicted = np.zeros(len(jarvis.target))
            for test in folds:
                train = np.setdiff1d(np.arange(len(jarvis.target)), test)
                predicted[test] = model(train, test)
            errors.setdefault(name, []).append(np.abs(predicted - jarvis.target))
    return [_row(name, errors) for name in errors]


def _row(name: str, errors: dict[str, list[np.ndarray]]) -> dict[str, Any]:
    taught = ", taught by Alexandria"
    baseline = f"composition{taught}" if name.endswith(taught) else "composition"
    compared = " + " in name
    difference = np.mean(errors[baseline], axis=0) - np.mean(errors[name], axis=0)
    uncertainty = difference.std(ddof=1) / np.sqrt(len(difference))
    per_seed = [error.mean() for error in errors[name]]
    return {
        "model": name,
        "MAE of ln Tc": float(np.mean(per_seed)),
        "spread over seeds": float(np.std(per_seed, ddof=1)) if len(per_seed) > 1 else 0.0,
        "gain by structure": float(difference.mean()) if compared else None,
        "in standard errors": float(difference.mean() / uncertainty) if compared else None,
    }


def regression(
    blocks: Sequence[np.ndarray], labels: Labelled, asked_blocks: Sequence[np.ndarray] | None = None
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A model that is fitted to some rows and predicts others; inner folds choose.

    Args:
        blocks: features of the rows.
        labels: of the rows.
        asked_blocks: other features of the same rows, which stand for them where they are
            predicted.
    """
    pairs = zip(blocks, asked_blocks or blocks, strict=True)
    features = joined([np.vstack(pair) for pair in pairs])
    n = len(labels.target)
    distances, to_asked = cdist(features[:n], features[:n]), cdist(features[n:], features[:n])

    def fit_and_predict(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        inner = folds_by_group(labels.formulas[train], INNER_FOLDS, seed=0)
        width, ridge = choose(distances[np.ix_(train, train)], labels.target[train], inner)
        known, asked = distances[np.ix_(train, train)], to_asked[np.ix_(test, train)]
        return kernel_ridge(known, labels.target[train], asked, width, ridge)

    return fit_and_predict


def taught_feature(jarvis: Labelled, teacher: Labelled, *, structure: bool) -> np.ndarray:
    """``[n, 1]`` what the teacher's labels say of each crystal; they hold none of its formulas."""
    blocks = ("composition", "structure") if structure else ("composition",)
    pairs = [(getattr(jarvis, block), getattr(teacher, block)) for block in blocks]
    features = joined([np.vstack(pair) for pair in pairs])
    mine, known = features[: len(jarvis.target)], features[len(jarvis.target) :]
    rows = ~np.isin(teacher.formulas, jarvis.formulas)
    known, target = known[rows], teacher.target[rows]
    return kernel_ridge(cdist(known, known), target, cdist(mine, known), 1.0, 0.1)[:, None]


def choose(
    distances: np.ndarray, target: np.ndarray, folds: Sequence[np.ndarray]
) -> tuple[float, float]:
    """Width and ridge with the lowest mean absolute error over folds."""
    everyone = np.arange(len(target))
    errors = {}
    for width, ridge in itertools.product(WIDTHS, RIDGES):
        error = 0.0
        for test in folds:
            train = np.setdiff1d(everyone, test)
            known, asked = distances[np.ix_(train, train)], distances[np.ix_(test, train)]
            found = kernel_ridge(known, target[train], asked, width, ridge)
            error += np.abs(found - target[test]).sum()
        errors[width, ridge] = error
    return min(errors, key=lambda pair: errors[pair])


def kernel_ridge(
    known: np.ndarray, target: np.ndarray, asked: np.ndarray, width: float, ridge: float
) -> np.ndarray:
    """Kernel ridge regression with a Laplace kernel ``exp(-|x - y| / w)``.

    Args:
        known: ``[n, n]`` distances between the labelled crystals.
        target: ``[n]`` their labels.
        asked: ``[m, n]`` distances to them.
        width: of the kernel, in units of their median distance.
        ridge: added to the diagonal.
    """
    scale = width * float(np.median(known))
    kernel = np.exp(-known / scale)
    kernel[np.diag_indices_from(kernel)] += ridge
    weights = cho_solve(cho_factor(kernel, overwrite_a=True), target - target.mean())
    return target.mean() + np.exp(-asked / scale) @ weights


def joined(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Blocks of features beside each other, each feature standardised, each block of weight one."""
    scaled = []
    for block in blocks:
        spread = block.std(axis=0)
        standard = (block - block.mean(axis=0)) / np.where(spread > 0, spread, 1)
        scaled.append(standard / np.sqrt(block.shape[1]))
    return np.hstack(scaled)


def folds_by_group(groups: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Rows of each fold; a group is never divided."""
    names = np.unique(groups)
    order = np.random.default_rng(seed).permutation(names)
    fold_of = {name: position % count for position, name in enumerate(order)}
    fold = np.array([fold_of[group] for group in groups])
    return [np.flatnonzero(fold == i) for i in range(count)]


if __name__ == "__main__":
    main()
