"""How well a generator finds the crystals of a held-out set from their compositions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Any

from dao_core.evaluation.evaluate import evaluate
from dao_core.evaluation.sets import Reference
from dao_core.generator.generate import Generator


def match_figures(
    generator: Generator, references: Sequence[Reference], seeds: Sequence[int]
) -> dict[str, Any]:
    """Match rate and RMSE with one sample of each reference, for several seeds.

    Args:
        generator: the model.
        references: crystals whose compositions are asked for, within the model's domain.
        seeds: one run each.

    Returns:
        ``n``, ``steps``, ``seeds``, mean and spread of ``match_rate`` and ``rmse`` at the loose
        tolerances, ``strict_rate``, ``valid_rate`` and ``seconds_per_structure``.
    """
    compositions = [reference.structure.composition for reference in references]
    runs = []
    begun = time.monotonic()
    for seed in seeds:
        crystals = generator.generate(compositions, 1, seed=seed)
        runs.append([[crystal.structure] for crystal in crystals])
    seconds = (time.monotonic() - begun) / (len(seeds) * len(references))
    scores = [evaluate(references, samples).scores(1) for samples in runs]
    matched = [score.match_rate for score in scores]
    displacements = [score.rmse for score in scores if score.rmse is not None]
    return {
        "n": len(references),
        "steps": generator.sampler.default_steps,
        "seeds": list(seeds),
        "match_rate": fmean(matched),
        "match_rate_spread": pstdev(matched),
        "rmse": fmean(displacements) if displacements else None,
        "strict_rate": fmean(score.strict_rate for score in scores),
        "valid_rate": fmean(score.valid_rate for score in scores),
        "seconds_per_structure": seconds,
    }
