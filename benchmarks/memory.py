"""How often what DAO-G remembers as likely for a composition is its crystal.

    python benchmarks/memory.py FILE... [--model NAME] [--sizes 1-20:500 21-52:200] [--json]

Of each crystal of the files the likeliest prototypes of its composition are compared with it, as
they are, by pymatgen's StructureMatcher with the tolerances of the field and with strict ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from printing import show

from dao_core.crystal.matching import LOOSE, STRICT
from dao_core.evaluation.matching import match_pairs
from dao_core.evaluation.sets import read_set
from dao_core.generator.generate import load_generator
from dao_core.generator.prototypes.prior import PrototypePrior

RANKS = (1, 2, 3, 5, 10)
"""So many of the likeliest prototypes are looked at."""


def row(prior: PrototypePrior, files: Sequence[Path], sizes: tuple[int, int], limit: int) -> Any:
    """Share of crystals that are among the likeliest prototypes, percent."""
    references = [
        one.structure
        for file in files
        for one in read_set(str(file)).chosen(limit, sizes).references
    ]
    pairs, places = [], []
    for place, structure in enumerate(references):
        likely = prior.likeliest(sorted(structure.atomic_numbers), RANKS[-1])
        pairs += [(prior.structure(one), structure) for one in likely]
        places += [(place, rank) for rank in range(len(likely))]
    hit = np.zeros((2, len(references), RANKS[-1]), dtype=bool)
    for kind, tolerances in enumerate((LOOSE, STRICT)):
        for where, match in zip(places, match_pairs(pairs, tolerances), strict=True):
            hit[(kind, *where)] = match.rmse is not None
    loose, strict = (
        [round(100 * float(one[:, :rank].any(axis=1).mean()), 1) for rank in RANKS] for one in hit
    )
    share = loose[0] / 100
    return {
        "atoms": f"{sizes[0]}-{sizes[1]}",
        "crystals": len(references),
        **{f"any of {rank} (%)": value for rank, value in zip(RANKS, loose, strict=True)},
        "strict, likeliest (%)": strict[0],
        "se of the likeliest": round(100 * (share * (1 - share) / len(references)) ** 0.5, 1),
    }


def main() -> None:
    """Print one row for each range of sizes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--model", default="dao-g")
    parser.add_argument("--sizes", nargs="+", default=["1-20:500", "21-52:200"])
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    options = parser.parse_args()
    prior = load_generator(options.model).prior
    if prior is None:
        parser.error(f"{options.model} has no memory")
    rows = []
    for one in options.sizes:
        atoms, _, limit = one.partition(":")
        least, _, most = atoms.partition("-")
        rows.append(row(prior, options.files, (int(least), int(most)), int(limit)))
    note = (
        f"{options.model}: {len(prior.library)} geometries; no formula of the files was trained on"
    )
    show({"benchmark": "memory", "note": note, "rows": rows}, as_json=options.json)


if __name__ == "__main__":
    main()
