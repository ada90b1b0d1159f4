"""What each part of sampling brings: slope, steps, guidance, ranking, symmetrisation, relaxation.

    python benchmarks/ablation.py SET [--model FILE] [--guidance FILE] [--quick] [--json]

One thing at a time is changed against the settings that are used (50 steps, slope 5, no guidance).
Ranking, symmetrisation and relaxation show in every run: ``first`` is one sample as it is, then
come the lowest-energy sample of K as generated, symmetrised, and relaxed. All runs see the same
references, and noise from the same seeds; the spread is over seeds. A killed run goes on with the
same --out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from printing import show

from dao_core.evaluation.sampling import GeneratorSampler
from dao_core.evaluation.sets import BenchmarkSet, read_set
from dao_core.evaluation.structure_benchmark import (
    BenchmarkSettings,
    StructureRun,
    run_structure_benchmark,
)
from dao_core.evaluation.structure_summary import stage_figures
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.samplers import FlowSampler
from dao_core.potentials import Potential, load_potential
from dao_core.predictor.guidance import load_noisy_energy

SLOPES = (0.0, 2.5, 10.0)
STEPS = (10, 25, 100)
WEIGHTS = (1.0, 5.0, 20.0)


def main() -> None:
    """Run every variant and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", type=Path, help="as for dao benchmark")
    parser.add_argument("--model", default="dao-g")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--guidance", type=Path, help="a predictor trained on noisy crystals")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--atoms", type=int, nargs=2, default=(1, 20))
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--relax", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("ablation"))
    parser.add_argument("--quick", action="store_true", help="six small crystals, two variants")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    limit, atoms = (6, (1, 6)) if arguments.quick else (arguments.limit, tuple(arguments.atoms))
    benchmark = read_set(arguments.set).chosen(limit, atoms)
    settings = BenchmarkSettings(arguments.samples, tuple(arguments.seeds), arguments.relax)
    potential = load_potential(arguments.potential)
    rows = []
    for name, sampler in variants(arguments.model, arguments.guidance, quick=arguments.quick):
        rows += _rows(name, sampler, benchmark, potential, settings, arguments.out)
    result = {
        "benchmark": "ablation",
        "set": benchmark.name,
        "set_hash": benchmark.set_hash,
        "n": len(benchmark.references),
        "seeds": arguments.seeds,
        "note": f"{arguments.samples} samples, {arguments.relax} relaxed, level {potential.level}",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def variants(
    model: str, guidance: Path | None, *, quick: bool
) -> Iterator[tuple[str, GeneratorSampler]]:
    """The settings in use, then each with one thing changed."""
    yield "as used", GeneratorSampler(load_generator(model))
    if isinstance(load_generator(model).sampler, FlowSampler):
        yield from _flow_variants(model, quick=quick)
    if guidance:
        predictor = load_noisy_energy(guidance)
        for weight in WEIGHTS:
            sampler = GeneratorSampler(load_generator(model), guidance=Guidance(predictor, weight))
            yield f"guidance {weight:g}", sampler


def _flow_variants(model: str, *, quick: bool) -> Iterator[tuple[str, GeneratorSampler]]:
    """Slopes and numbers of steps, which diffusion does not have."""
    for slope in SLOPES[:1] if quick else SLOPES:
        generator = load_generator(model)
        if isinstance(generator.sampler, FlowSampler):
            generator.sampler.slope = slope
        yield f"slope {slope:g}", GeneratorSampler(generator)
    for steps in () if quick else STEPS:
        yield f"{steps} steps", GeneratorSampler(load_generator(model), steps)


def _rows(
    name: str,
    sampler: GeneratorSampler,
    benchmark: BenchmarkSet,
    potential: Potential,
    settings: BenchmarkSettings,
    out: Path,
) -> list[dict[str, Any]]:
    run = run_structure_benchmark(benchmark, sampler, potential, settings, out)
    first = stage_figures(run, "generated", settings)["first"]
    count = len(benchmark.references) * len(settings.seeds) * settings.k
    rows = [_row(name, "first", first, "match_rate", "strict_rate", run, count)]
    for stage in run.stages:
        figures = stage_figures(run, stage, settings)["all"]
        label = f"ranked, {stage.replace('_', ', ')}"
        columns = ("ranked_match_rate", "ranked_strict_rate")
        rows.append(_row(name, label, figures, *columns, run, count))
    return rows


def _row(
    name: str,
    sample: str,
    figures: dict[str, tuple[float, float]],
    match: str,
    strict: str,
    run: StructureRun,
    count: int,
) -> dict[str, Any]:
    missing = (None, None)
    return {
        "variant": name,
        "sample": sample,
        "match": figures.get(match, missing)[0],
        "± seeds": figures.get(match, missing)[1],
        "strict": figures.get(strict, missing)[0],
        "METRe": figures.get("metre", missing)[0],
        "RMSE": figures.get("rmse", missing)[0],
        "s per sample": run.seconds["generate"] / count,
    }


if __name__ == "__main__":
    main()
