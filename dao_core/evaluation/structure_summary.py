"""The results of a structure benchmark as one JSON object and as a table of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from dao_core.crystal.symmetry import space_group_number
from dao_core.evaluation.breakdown import breakdown
from dao_core.evaluation.matching import LOOSE, STRICT
from dao_core.evaluation.overlap import OverlapAudit
from dao_core.evaluation.polymorphs import polymorph_table
from dao_core.evaluation.scores import RANKED_BY, across_seeds
from dao_core.evaluation.sets import BenchmarkSet
from dao_core.evaluation.structure_benchmark import BenchmarkSettings, StructureRun

HEADLINE = (
    "match_rate", "rmse", "metre", "crmse", "strict_rate", "ranked_match_rate", "valid_rate",
)  # fmt: skip
"""Metrics that stand at the top of the object: stage ``generated``, all ``k`` samples."""
Figures = dict[str, tuple[float, float]]


def summarise(
    benchmark: BenchmarkSet,
    run: StructureRun,
    settings: BenchmarkSettings,
    overlap: OverlapAudit | None = None,
) -> dict[str, Any]:
    """Everything that is to be reported, plain JSON.

    Args:
        benchmark: the set.
        run: what came of it.
        settings: what was asked.
        overlap: of the set with the training set, if that is known.

    Returns:
        ``n``, ``k``, ``seeds``, ``set``, ``set_hash``, ``tolerances``; the :data:`HEADLINE`
        metrics (means over seeds) and their ``spread``; ``stages``: per stage the metrics
        ``first`` (one sample) and ``all`` (k samples) as ``[mean, spread]``, and ``clean``, the
        same without references whose formula was seen in training; ``breakdown`` and
        ``polymorphs`` of the last stage; ``overlap``; ``seconds``; ``seconds_per_structure``.
    """
    stages = {stage: stage_figures(run, stage, settings, overlap) for stage in run.stages}
    first_stage = stages.get("generated", {"all": {}})["all"]
    last = run.stages[-1] if run.stages else None
    results = [run.results[last, seed] for seed in settings.seeds] if last else []
    structures = sum(len(rows) for result in _generated(run, settings) for rows in result.rows)
    return {
        "task": "structure",
        "set": benchmark.name,
        "set_hash": benchmark.set_hash,
        "n": len(benchmark.references),
        "k": settings.k,
        "relaxed_per_reference": settings.relaxed,
        "seeds": list(settings.seeds),
        "tolerances": {"loose": str(LOOSE), "strict": str(STRICT), "ranked": RANKED_BY},
        **{name: first_stage[name][0] if name in first_stage else None for name in HEADLINE},
        "spread": {name: first_stage[name][1] for name in HEADLINE if name in first_stage},
        "stages": stages,
        "seconds_per_structure": run.seconds.get("generate", 0.0) / max(1, structures),
        "seconds_by_work": run.seconds,
        "relaxations": run.relaxations,
        "overlap": _overlap_figures(overlap),
        "breakdown": [asdict(row) for row in breakdown(benchmark.references, results)],
        "polymorphs": [
            asdict(row)
            for row in polymorph_table(benchmark.references, results, settings.processes)
        ],
        "unreadable": [f"{failure.source}: {failure.reason}" for failure in benchmark.failures],
    }


def sample_table(
    benchmark: BenchmarkSet, run: StructureRun, overlap: OverlapAudit | None = None
) -> pd.DataFrame:
    """One row for every sample at every stage and seed."""
    facts = [
        {
            "nelements": len(reference.structure.elements),
            "space_group_number": space_group_number(reference.structure),
            "formula_seen": overlap.same_formula[i] if overlap else None,
            "structure_seen": overlap.same_structure[i] if overlap else None,
        }
        for i, reference in enumerate(benchmark.references)
    ]
    return pd.DataFrame(
        [
            {"stage": stage, "seed": seed, **asdict(row), **facts[i]}
            for (stage, seed), result in run.results.items()
            for i, rows in enumerate(result.rows)
            for row in rows
        ]
    )


def stage_figures(
    run: StructureRun,
    stage: str,
    settings: BenchmarkSettings,
    overlap: OverlapAudit | None = None,
) -> dict[str, Figures]:
    """Mean and spread over seeds of the metrics of one stage.

    Args:
        run: all results.
        stage: one of its stages.
        settings: what was asked.
        overlap: of the set with the training set, if that is known.

    Returns:
        ``all``, all samples; ``first``, the first of each reference (where only some samples were
        relaxed there is none); ``clean``, references whose formula was not seen in training.
    """
    all_relaxed = settings.relaxed >= settings.k
    figures = {"all": _figures(run, stage, settings.seeds, settings.k)}
    if not stage.startswith("relaxed") or all_relaxed:
        figures["first"] = _figures(run, stage, settings.seeds, 1)
    if overlap is not None:
        figures["clean"] = _figures(run, stage, settings.seeds, settings.k, overlap.clean)
    return figures


def _figures(
    run: StructureRun,
    stage: str,
    seeds: Sequence[int],
    k: int,
    subset: Sequence[int] | None = None,
) -> Figures:
    return across_seeds([run.results[stage, seed].scores(k, subset) for seed in seeds])


def _generated(run: StructureRun, settings: BenchmarkSettings) -> list[Any]:
    return [run.results["generated", seed] for seed in settings.seeds if run.stages]


def _overlap_figures(overlap: OverlapAudit | None) -> dict[str, Any] | None:
    if overlap is None:
        return None
    return {
        "formula": overlap.formula_overlap,
        "structure": overlap.structure_overlap,
        "clean": len(overlap.clean),
        "undecided": overlap.undecided,
    }
