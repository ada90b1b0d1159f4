"""``dao train generator|predictor|property``; the commands for their data: ``train_data.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Seed, Verbose

app = typer.Typer(help="Train the models.", no_args_is_help=True)

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML; see configs/. Options here win over it."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the run; it goes on there.")
]
Steps = Annotated[int | None, typer.Option("--steps", help="Optimiser steps of the schedule.")]
Hours = Annotated[
    float | None, typer.Option("--hours", help="Hours of the schedule, in place of steps.")
]
Devices = Annotated[int | None, typer.Option("--devices", help="Processes, one device each.")]
Start = Annotated[
    Path | None,
    typer.Option("--start", metavar="NAME", help="Model to go on from: its name, or FILE."),
]


@app.callback()
def train() -> None:
    """Train the models."""


@app.command("generator")
def generator(
    config: Config = None,
    train_files: Annotated[
        list[Path] | None, typer.Option("--train", metavar="FILE", help="Record file; repeatable.")
    ] = None,
    validation: Annotated[
        list[Path] | None, typer.Option("--validation", metavar="FILE", help="Likewise.")
    ] = None,
    out: Out = None,
    process: Annotated[
        Literal["flow", "diffusion"] | None,
        typer.Option("--process", help="Flow matching, or the published network and diffusion."),
    ] = None,
    stage: Annotated[
        int | None, typer.Option("--stage", help="1: all as it is; 2: relaxed, from --start.")
    ] = None,
    start: Start = None,
    size: Annotated[
        str | None, typer.Option("--size", help="small, mini or base; published: mini, base.")
    ] = None,
    steps: Steps = None,
    hours: Hours = None,
    devices: Devices = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train DAO-G. Killed anywhere, the same command goes on; torchrun spreads it over devices.

    Example: dao train generator --config configs/generator-mini-2cores.yaml --stage 1
    """
    set_up_logging(verbose=verbose)
    from dao_core.training.request import generator_request
    from dao_core.training.runs import run_generator

    given: dict[str, Any] = {
        "train": train_files or None,
        "validation": validation or None,
        "out": out,
        "process": process,
        "stage": stage,
        "start": start,
        "size": size,
        "steps": steps,
        "hours": hours,
        "devices": devices,
    }
    _show(run_generator(generator_request(given, config)), as_json=as_json)


@app.command("memory")
def memory(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Record files.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the model.")],
    start: Annotated[
        str, typer.Option("--start", metavar="NAME", help="The DAO-G whose network it keeps.")
    ] = "dao-g",
    max_atoms: Annotated[
        int, typer.Option("--max-atoms", min=1, help="Larger crystals are left out.")
    ] = 52,
    metric_steps: Annotated[
        int, typer.Option("--metric-steps", min=1, help="Steps of the metric of compositions.")
    ] = 8000,
    seed: Seed = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Give DAO-G a memory of other crystals: their prototypes, and which composition takes which.

    Example: dao train memory records/*.json.gz --out runs/remembers
    """
    set_up_logging(verbose=verbose)
    from dao_core.training.prototype_memory import MemorySettings
    from dao_core.training.runs import run_memory

    settings = MemorySettings(max_atoms, metric_steps, seed)
    _show(run_memory(start, files, out, settings), as_json=as_json)


@app.command("predictor")
def predictor(
    config: Config = None,
    head: Annotated[
        Literal["physical", "guidance"] | None,
        typer.Option("--head", help="Energies and forces, or the energy that guides DAO-G."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="DIR", help="Teacher shards.")
    ] = None,
    out: Out = None,
    start: Start = None,
    size: Annotated[str | None, typer.Option("--size", help="Named size.")] = None,
    steps: Steps = None,
    hours: Hours = None,
    devices: Devices = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train DAO-P on labelled structures. Killed anywhere, the same command goes on.

    Example: dao train predictor --config configs/predictor-mini-2cores.yaml
    """
    set_up_logging(verbose=verbose)
    from dao_core.training.request import predictor_request
    from dao_core.training.runs import run_predictor

    given: dict[str, Any] = {
        "head": head,
        "labels": labels,
        "out": out,
        "start": start,
        "size": size,
        "steps": steps,
        "hours": hours,
        "devices": devices,
    }
    _show(run_predictor(predictor_request(given, config)), as_json=as_json)


@app.command("property")
def property_(
    records: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Record files.")],
    label: Annotated[
        str, typer.Option("--label", metavar="NAME", help="The number to learn, of each record.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the model.")],
    logarithm: Annotated[
        bool, typer.Option("--log", help="Learn its natural logarithm (zero and below left out).")
    ] = False,
    start: Annotated[
        str, typer.Option("--start", metavar="NAME", help="The DAO-P to fine-tune, or FILE.")
    ] = "dao-p",
    seed: Seed = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Fine-tune DAO-P to a property; five folds, averaged, and judged on unseen formulas.

    Example: dao train property supercon.json.gz --label Tc_K_dfpt --log --out runs/tc
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from dao_core.training.property_run import PropertySources
    from dao_core.training.runs import run_property

    with Bars() as bars, listening(bars):
        answer = run_property(PropertySources(records, label, logarithm), start, out, seed)
    _show(answer, "mae_unseen", "mae_of_the_mean", as_json=as_json)


def _show(answer: dict[str, Any] | None, *figures: str, as_json: bool) -> None:
    from flows.cli.tables import flat_table

    if answer is not None:
        table = flat_table([answer], ("kind", "size", "hash", *figures))
        table.caption = str(answer["model"])
        emit(answer, as_json=as_json, human=table)
