"""``dao train``: DAO-G in two stages, the relaxation of data between them, labels and DAO-P."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, PotentialName, Seed, Verbose

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
Part = Annotated[
    str, typer.Option("--part", metavar="I/N", help="This process does every N-th shard.")
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
    size: Annotated[str | None, typer.Option("--size", help="mini or base, of either.")] = None,
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
    from flows.training import run_generator
    from flows.training_request import generator_request

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
    from flows.training import run_predictor
    from flows.training_request import predictor_request

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


@app.command("relax")
def relax(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Record files.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the shards.")],
    potential: PotentialName = "dao-p",
    beyond: Annotated[
        Literal["keep", "leave-out"],
        typer.Option("--beyond", help="Entries too far above the hull to be relaxed."),
    ] = "keep",
    part: Part = "1/1",
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Relax the unstable entries of record files, for the second stage of DAO-G.

    Shards that exist are not done again; several processes may share a folder.

    Example: dao train relax unstable.json.gz --out relaxed
    """
    set_up_logging(verbose=verbose)
    from dao_core.training.relaxed_records import RecordRelaxation, parse_part
    from flows.campaign.progress import listening
    from flows.cli.bars import Bars
    from flows.cli.tables import flat_table
    from flows.training import run_relaxation

    settings = RecordRelaxation(keep_beyond=beyond == "keep", part=parse_part(part))
    with Bars() as bars, listening(bars):
        answer = run_relaxation(files, out, potential, settings)
    rows = [{"done": done, "entries": count} for done, count in answer["done"].items()]
    table = flat_table(rows, ("done", "entries"))
    table.caption = f"at level {answer['level']}; shards in {out}"
    emit(answer, as_json=as_json, human=table)


@app.command("label")
def label(
    records: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Record files.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the shards.")],
    potential: PotentialName = "chgnet",
    held_out: Annotated[
        list[Path] | None,
        typer.Option("--hold-out", metavar="FILE", help="Records whose formulas get no label."),
    ] = None,
    part: Part = "1/1",
    seed: Seed = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Label crystals, distorted variants and prototypes by a teacher potential, for DAO-P.

    Shards that exist are not done again; several processes may share a folder.

    Example: dao train label train.json.gz --hold-out validation.json.gz --out labels/train
    """
    set_up_logging(verbose=verbose)
    from dao_core.training.relaxed_records import parse_part
    from dao_core.training.teacher_run import TeacherSources
    from flows.campaign.progress import listening
    from flows.cli.bars import Bars
    from flows.cli.tables import flat_table
    from flows.training import run_labelling

    sources = TeacherSources(records, held_out or (), seed=seed)
    with Bars() as bars, listening(bars):
        answer = run_labelling(sources, out, potential, parse_part(part))
    table = flat_table([answer], ("level", "shards", "labels"))
    table.caption = f"shards in {out}; left out: {answer['dropped'] or 'none'}"
    emit(answer, as_json=as_json, human=table)


def _show(answer: dict[str, Any] | None, *, as_json: bool) -> None:
    from flows.cli.tables import flat_table

    if answer is not None:
        table = flat_table([answer], ("kind", "size", "hash"))
        table.caption = str(answer["model"])
        emit(answer, as_json=as_json, human=table)
