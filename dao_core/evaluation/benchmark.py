"""Benchmarks of models against a set: opening what takes part, running, writing the results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pymatgen.core import Structure

from dao_core import progress
from dao_core.drafts import draft_of
from dao_core.errors import InputError
from dao_core.evaluation.energy_benchmark import clean_figures, disturbed_figures, energies_of
from dao_core.evaluation.machine import machine
from dao_core.evaluation.overlap import audit_overlap
from dao_core.evaluation.sampling import GeneratorSampler, Sampler, SourceSampler
from dao_core.evaluation.sets import BenchmarkSet, read_set
from dao_core.evaluation.structure_benchmark import BenchmarkSettings, run_structure_benchmark
from dao_core.evaluation.structure_summary import sample_table, summarise
from dao_core.generator.generate import Generator, load_generator
from dao_core.potentials import load_potential
from dao_core.search.sources import RandomSymmetricSource, SubstitutionSource, TemplateSource
from dao_core.training.records import manifest_hash, read_crystals
from dao_core.writable import check_output_folder

SourceName = Literal["dao-g", "dao-g-noise", "template", "training", "random"]
LARGEST_CELL = 100
"""Atoms; larger training crystals take part in no overlap audit of a baseline."""


@dataclass(frozen=True)
class Chosen:
    """The part of a set that a benchmark looks at.

    Attributes:
        path: CSV file, record file or folder.
        limit: so many references, drawn at random with a fixed seed.
        atoms: fewest and most atoms per cell.
        polymorphs: formulas with several such entries alone.
    """

    path: Path
    limit: int | None = None
    atoms: tuple[int, int] | None = None
    polymorphs: bool = False

    def read(self) -> BenchmarkSet:
        """The references.

        Raises:
            InputError: the set cannot be read, or nothing of it is left.
        """
        every = read_set(self.path)
        chosen = every.chosen(self.limit, self.atoms, polymorphs=self.polymorphs)
        if not chosen.references:
            reasons = "; ".join(f"{f.source}: {f.reason}" for f in chosen.failures[:3])
            raise InputError(
                f"no reference of {self.path} fits ({reasons or 'by --atoms or --polymorphs'})"
            )
        return chosen


@dataclass(frozen=True)
class Contestant:
    """What is put to the test.

    Attributes:
        source: where samples come from; ``dao-g-noise`` is DAO-G without its prototypes.
        model: name or file of the generator.
        steps: of each sample; by default as many as the model is made for.
        potential: ranks and relaxes; ``none`` does neither.
        training: record files of the training set, or a folder with those that the model names.
    """

    source: SourceName
    model: str
    steps: int | None
    potential: str
    training: tuple[Path, ...] = ()


def benchmark_structures(
    chosen: Chosen, contestant: Contestant, settings: BenchmarkSettings, out: Path
) -> dict[str, Any]:
    """Predict the structures of a set from their compositions, and compare.

    Args:
        chosen: the set.
        contestant: what predicts.
        settings: samples, seeds, relaxations.
        out: folder of the results and of the pieces from which a killed run goes on.

    Returns:
        The object of :func:`~dao_core.evaluation.structure_summary.summarise`, with source,
        model, cost, machine, date and the files written.

    Raises:
        DaoError: something cannot be read, or is missing.
    """
    check_output_folder(out)
    benchmark = chosen.read()
    potential = None if contestant.potential == "none" else load_potential(contestant.potential)
    if settings.relaxed and potential is None:
        raise InputError("--relax needs a potential; leave --potential none out")
    generator = load_generator(contestant.model) if "dao-g" in contestant.source else None
    training = _training_crystals(contestant, generator)
    sampler = _sampler(contestant, generator, training)
    progress.begin("sampled", len(benchmark.references) * len(settings.seeds))
    stages = 4 if settings.relaxed else 2
    progress.begin("matched", stages * len(settings.seeds))
    run = run_structure_benchmark(
        benchmark, sampler, potential, settings, out / "pieces", progress.advance
    )
    overlap = None
    if training is not None:
        crystals = [structure for _, structure in training]
        overlap = audit_overlap(crystals, benchmark.references, processes=settings.processes)
    result = {
        **summarise(benchmark, run, settings, overlap),
        "level": potential.level if potential else None,
        "sampler": sampler.identity,
        "cost": _cost(sampler),
        **_circumstances(),
    }
    table = out / "samples.parquet"
    with draft_of(table) as draft:
        sample_table(benchmark, run, overlap).to_parquet(draft)
    return _written(result, out, {"table": str(table)})


def benchmark_energies(
    chosen: Chosen, potential: str, judge: str, disturbed: int, seeds: Sequence[int], out: Path
) -> dict[str, Any]:
    """Energies of a set against its labels, and crystals off equilibrium against a judge.

    Args:
        chosen: the set.
        potential: what is tested.
        judge: another potential, or ``none``.
        disturbed: so many crystals are disturbed, predicted, relaxed and judged.
        seeds: of the disturbance, one run each.
        out: folder of the result.

    Raises:
        DaoError: something cannot be read, or is missing.
    """
    check_output_folder(out)
    benchmark = chosen.read()
    tested = load_potential(potential)
    labelled = [r for r in benchmark.references if r.formation_energy is not None]
    clean = None
    if labelled:
        energies = energies_of([r.structure for r in labelled], tested)
        labels = [float(r.formation_energy) for r in labelled if r.formation_energy is not None]
        clean = clean_figures(labelled, labels, energies)
    off = None
    if judge != "none" and disturbed:
        crystals = [r.structure for r in benchmark.chosen(disturbed).references]
        other = load_potential(judge)
        progress.begin("judged", len(seeds))
        off = []
        for seed in seeds:
            off.append({"seed": seed, **disturbed_figures(crystals, tested, other, seed)})
            progress.advance("judged")
    result = {
        "task": "energy",
        "set": benchmark.name,
        "set_hash": benchmark.set_hash,
        "n": len(benchmark.references),
        "seeds": list(seeds),
        "level": tested.level,
        "clean": clean,
        "disturbed": off,
        **_circumstances(),
    }
    return _written(result, out, {})


def _sampler(
    contestant: Contestant,
    generator: Generator | None,
    training: Sequence[tuple[str, Structure]] | None,
) -> Sampler:
    """What answers the compositions."""
    if generator is not None:
        prototypes = contestant.source == "dao-g"
        return GeneratorSampler(generator, contestant.steps, prototypes=prototypes)
    if contestant.source == "template":
        return SourceSampler(TemplateSource(temperature=0.0))
    if contestant.source == "random":
        return SourceSampler(RandomSymmetricSource())
    if training is None:
        raise InputError("--source training needs the training set; give it by --training")
    return SourceSampler(SubstitutionSource(training), crystals=len(training))


def _training_crystals(
    contestant: Contestant, generator: Generator | None
) -> list[tuple[str, Structure]] | None:
    """The training set by name, or None where none is given.

    Raises:
        InputError: these are not the crystals that the model was trained on.
    """
    if not contestant.training:
        return None
    files = _training_files(contestant.training, generator)
    largest = generator.max_atoms if generator else LARGEST_CELL
    crystals = read_crystals(files, largest).crystals
    if generator and generator.card.get("manifest_hash") != manifest_hash(crystals):
        raise InputError(
            f"--training: these {len(crystals)} crystals are not the training set of "
            f"{contestant.model}, whose manifest is {generator.card.get('manifest_hash')}"
        )
    return [(crystal.material_id, crystal.structure()) for crystal in crystals]


def _training_files(given: Sequence[Path], generator: Generator | None) -> list[Path]:
    """The given files; of a folder those that the model's card names, or all."""
    files: list[Path] = []
    for path in given:
        if not path.is_dir():
            files.append(path)
        elif generator and generator.card.get("train_files"):
            files += [path / name for name in generator.card["train_files"]]
        else:
            files += sorted(path.glob("*.json.gz"))
    return files


def _cost(sampler: Sampler) -> dict[str, int]:
    """Size of the network and evaluations of it per sample; baselines have none."""
    if isinstance(sampler, GeneratorSampler):
        return sampler.cost()
    return {"parameters": 0, "network_evaluations": 0}


def _circumstances() -> dict[str, Any]:
    return {"machine": machine(), "date": datetime.now(UTC).date().isoformat()}


def _written(result: dict[str, Any], out: Path, files: dict[str, str]) -> dict[str, Any]:
    """The result, also as a file."""
    file = out / "benchmark.json"
    out.mkdir(parents=True, exist_ok=True)
    with draft_of(file) as draft:
        draft.write_text(json.dumps(result, indent=1, allow_nan=False), encoding="utf-8")
    return {**result, "files": {**files, "json": str(file)}}
