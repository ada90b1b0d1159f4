"""``dao benchmark``: how good are the models on a set of known crystals."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape

from dao_core.errors import InputError
from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, PotentialOrNone, Verbose


class Task(StrEnum):
    """What is asked of the models."""

    STRUCTURE = "structure"
    ENERGY = "energy"


class Source(StrEnum):
    """Where samples come from."""

    DAO_G = "dao-g"
    DAO_G_NOISE = "dao-g-noise"
    TEMPLATE = "template"
    TRAINING = "training"
    RANDOM = "random"


SetFile = Annotated[
    Path,
    typer.Argument(
        metavar="SET",
        help="CSV with material_id and cif (MP-20 and its kin), record file, folder of CIFs.",
    ),
]
TaskChoice = Annotated[Task, typer.Option("--task", help="Predict structures, or energies.")]
Samples = Annotated[int, typer.Option("--samples", "-k", min=1, help="Samples for each reference.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="So many references, drawn at random.")
]
Atoms = Annotated[
    str | None, typer.Option("--atoms", metavar="LOW-HIGH", help="Atoms per cell, e.g. 1-20.")
]
Polymorphs = Annotated[
    bool, typer.Option("--polymorphs", help="Formulas with several entries alone.")
]
Seed = Annotated[
    list[int] | None,
    typer.Option("--seed", min=0, help="May be repeated: mean and spread are reported."),
]
SourceChoice = Annotated[
    Source,
    typer.Option(
        "--source", help="dao-g; without its prototypes; or a baseline: AFLOW's, training set."
    ),
]
Model = Annotated[
    str, typer.Option("--model", metavar="NAME", help="dao-g (shipped), or a model file.")
]
Steps = Annotated[
    int | None, typer.Option("--steps", min=1, help="Of each sample; the model's by default.")
]
Relax = Annotated[
    int,
    typer.Option(
        "--relax",
        min=0,
        help="Relax so many samples of each reference, those of lowest energy. "
        "With --task energy: so many references in all, disturbed.",
    ),
]
Judge = Annotated[
    str, typer.Option("--judge", metavar="NAME", help="Judges relaxed energies; or none.")
]
Training = Annotated[
    list[Path] | None,
    typer.Option(
        "--training",
        metavar="FILE|DIR",
        help="Training set of the model, for the overlap audit and --source training.",
    ),
]
Processes = Annotated[
    int | None, typer.Option("--processes", min=1, help="For matching; default: all cores.")
]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the results.")]


def benchmark(
    set_: SetFile,
    task: TaskChoice = Task.STRUCTURE,
    samples: Samples = 1,
    limit: Limit = None,
    atoms: Atoms = None,
    polymorphs: Polymorphs = False,
    seed: Seed = None,
    source: SourceChoice = Source.DAO_G,
    model: Model = "dao-g",
    steps: Steps = None,
    potential: PotentialOrNone = "dao-p",
    relax: Relax = 0,
    judge: Judge = "chgnet",
    training: Training = None,
    processes: Processes = None,
    out: OutFolder = (Path("benchmark")),
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compare what the models predict for a set with what is known of it.

    A run that was killed goes on where it stopped, if the same folder is given. Tolerances are
    0.3, 0.5, 10; strict ones 0.2, 0.3, 5 and the same space group. --potential none ranks nothing.

    Example: dao benchmark mp20_test.csv --samples 20 --limit 500 --seed 0 --seed 1 --relax 3

    Example: dao benchmark mp20_test.csv --task energy --relax 200 --judge chgnet
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.evaluation.benchmark import (
        Chosen,
        Contestant,
        benchmark_energies,
        benchmark_structures,
    )
    from dao_core.evaluation.structure_benchmark import BenchmarkSettings
    from dao_core.progress import listening

    chosen = Chosen(set_, limit, _atom_range(atoms), polymorphs)
    seeds = tuple(dict.fromkeys(seed or [0]))
    with Bars() as bars, listening(bars):
        if task is Task.ENERGY:
            result = benchmark_energies(chosen, potential, judge, relax, seeds, out)
        else:
            contestant = Contestant(source.value, model, steps, potential, tuple(training or ()))
            settings = BenchmarkSettings(samples, seeds, relax, processes)
            result = benchmark_structures(chosen, contestant, settings, out)
    emit(result, as_json=as_json, human=_human(result))


def _atom_range(text: str | None) -> tuple[int, int] | None:
    """``LOW-HIGH`` as numbers.

    Raises:
        InputError: it is not written so.
    """
    if text is None:
        return None
    low, _, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and int(low) <= int(high)):
        raise InputError(f"--atoms {text}: write it like 1-20")
    return int(low), int(high)


def _human(result: dict[str, Any]) -> Group:
    """Tables for a terminal."""
    from flows.cli.tables import flat_table

    if result["task"] == "energy":
        tables = [("clean", [result["clean"]]), ("disturbed", result["disturbed"])]
        return Group(
            f"{result['set']} ({result['set_hash']}), {result['n']} crystals, {result['level']}",
            *(flat_table(rows, rows[0]) for _, rows in tables if rows and rows[0]),
        )
    rows = [
        {"stage": stage, "samples": 1 if part == "first" else result["k"], "part": part}
        | {name: f"{mean:.3f}±{spread:.3f}" for name, (mean, spread) in figures.items()}
        for stage, parts in result["stages"].items()
        for part, figures in parts.items()
    ]
    columns = ("stage", "part", "samples", "match_rate", "rmse", "metre", "strict_rate")
    table = flat_table(rows, (*columns, "ranked_match_rate", "ranked_strict_rate"))
    table.title = escape(f"{result['set']} ({result['set_hash']}), {result['n']} references")
    tolerances = result["tolerances"]
    table.caption = (
        f"match: {tolerances['loose']}; strict: {tolerances['strict']}; "
        f"ranked: {tolerances['ranked']}"
    )
    return Group(table, escape(f"results in {result['files']['json']}"))
