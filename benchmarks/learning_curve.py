"""How DAO-P's ranking of polymorphs grew with its training, and what a target of it would need.

    python benchmarks/learning_curve.py SET [MODEL...] [--atoms 1 52] [--quick] [--json]

MODEL are model files of DAO-P in the order of their training; by default all that were ever
shipped, from the history of the repository (versions that today's network cannot read are left
out). The second table says what rank correlation a predictor would have whose differences within a
formula are wrong by so much in the mean: the labels themselves with noise of that size (Laplace,
because the errors found have wide tails; mean of 200 draws).
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from printing import show
from scipy.stats import spearmanr

from dao_core.errors import CheckpointError
from dao_core.evaluation.energy_benchmark import energies_of
from dao_core.evaluation.sets import Reference, read_set
from dao_core.predictor.potential import load_predictor

SHIPPED = "dao_core/pretrained/dao-p.safetensors"
DRAWS = 200
ERRORS = (0.08, 0.04, 0.02, 0.01, 0.005, 0.002)
"""eV/atom: mean absolute errors of a difference within a formula, in the second table."""
WIDE = 0.02
"""eV/atom: pairs further apart than this are also counted on their own."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Polymorphs:
    """The labelled crystals of formulas that have several.

    Attributes:
        references: the crystals.
        labels: ``[n]`` formation energies, eV/atom.
        groups: rows of one formula each.
    """

    references: list[Reference]
    labels: NDArray[np.float64]
    groups: list[list[int]]

    @classmethod
    def of(cls, references: Sequence[Reference]) -> Polymorphs:
        """Those among ``references`` whose formula has two different energies."""
        formulas: dict[str, list[Reference]] = defaultdict(list)
        for reference in references:
            if reference.formation_energy is not None:
                formulas[reference.formula].append(reference)
        chosen = [m for m in formulas.values() if len({r.formation_energy for r in m}) > 1]
        rows = itertools.count()
        groups = [[next(rows) for _ in members] for members in chosen]
        found = [reference for members in chosen for reference in members]
        labels = np.array([reference.formation_energy for reference in found], dtype=float)
        return cls(found, labels, groups)

    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of one formula that differ in energy."""
        every = (pair for rows in self.groups for pair in itertools.combinations(rows, 2))
        return [(i, j) for i, j in every if self.labels[i] != self.labels[j]]


def rank_correlations(
    polymorphs: Polymorphs, predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Spearman's correlation within each formula; 0 where all predictions are equal."""
    ranks = [
        spearmanr(predicted[rows], polymorphs.labels[rows]).statistic
        if np.ptp(predicted[rows]) > 0
        else 0.0
        for rows in polymorphs.groups
    ]
    return np.array(ranks)


def ranking(polymorphs: Polymorphs, predicted: NDArray[np.float64]) -> Row:
    """Mean rank correlation with its standard error, pairs in order, error of differences."""
    ranks = rank_correlations(polymorphs, predicted)
    first, second = np.array(polymorphs.pairs()).T
    wanted = polymorphs.labels[first] - polymorphs.labels[second]
    found = predicted[first] - predicted[second]
    right, wide = found * wanted > 0, np.abs(wanted) > WIDE
    return {
        "rank correlation": float(ranks.mean()),
        "± standard error": float(ranks.std(ddof=1) / np.sqrt(len(ranks))),
        "pairs in order": float(right.mean()),
        f"of those over {WIDE} eV/atom": float(right[wide].mean()) if wide.any() else None,
        "error of a difference, eV/atom": float(np.abs(found - wanted).mean()),
    }


def expected_ranking(polymorphs: Polymorphs, error: float) -> Row:
    """The rank correlation of labels with noise: differences wrong by ``error`` in the mean."""
    rng = np.random.default_rng(0)
    # The difference of two Laplace variables of scale b has a mean absolute value of 3 b / 2.
    noise = rng.laplace(scale=error / 1.5, size=(DRAWS, len(polymorphs.labels)))
    ranks = [rank_correlations(polymorphs, polymorphs.labels + row).mean() for row in noise]
    return {
        "error of a difference, eV/atom": error,
        "expected rank correlation": float(np.mean(ranks)),
        "spread": float(np.std(ranks)),
    }


def shipped_models(folder: Path) -> Iterator[Path]:
    """Every DAO-P that was shipped, oldest first, written to ``folder``."""
    log = _git("log", "--reverse", "--format=%h", "--", SHIPPED).decode().split()
    for number, commit in enumerate(log):
        file = folder / f"{number:02d}-{commit}.safetensors"
        file.write_bytes(_git("show", f"{commit}:{SHIPPED}"))
        yield file


def _git(*words: str) -> bytes:
    root = Path(__file__).parents[1]
    return subprocess.run(["git", "-C", root, *words], check=True, capture_output=True).stdout


def model_row(file: Path, references: Sequence[Reference], polymorphs: Polymorphs) -> Row | None:
    """One model; None if it has a network that is no longer read."""
    try:
        potential = load_predictor(file)
    except CheckpointError:
        return None
    labelled = [r for r in references if r.formation_energy is not None]
    labels = np.array([r.formation_energy for r in labelled], dtype=float)
    clean = energies_of([r.structure for r in labelled], potential).formation
    ranked = energies_of([r.structure for r in polymorphs.references], potential).per_atom
    return {
        "model": potential.level,
        "labels": potential.card.get("labels"),
        "MAE, eV/atom": float(np.abs(clean - labels).mean()),
        **ranking(polymorphs, ranked),
    }


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", type=Path, help="as for dao benchmark")
    parser.add_argument("models", type=Path, nargs="*", metavar="MODEL")
    parser.add_argument("--atoms", type=int, nargs=2, default=(1, 52))
    parser.add_argument("--quick", action="store_true", help="100 crystals, the last model")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    chosen = read_set(options.set).chosen(100 if options.quick else None, tuple(options.atoms))
    polymorphs = Polymorphs.of(chosen.references)
    with tempfile.TemporaryDirectory() as folder:
        models = options.models or list(shipped_models(Path(folder)))
        models = models[-1:] if options.quick else models
        found = [model_row(file, chosen.references, polymorphs) for file in models]
    rows = [row for row in found if row is not None]
    rows += [expected_ranking(polymorphs, error) for error in ERRORS]
    note = (
        f"{len(polymorphs.groups)} formulas with {len(polymorphs.labels)} crystals and "
        f"{len(polymorphs.pairs())} pairs of different energy; {found.count(None)} of "
        f"{len(found)} models have a network of before and are left out."
    )
    result = {"set": chosen.name, "set_hash": chosen.set_hash, "n": len(chosen.references)}
    show({**result, "seeds": [], "note": note, "rows": rows}, as_json=options.json)


if __name__ == "__main__":
    main()
