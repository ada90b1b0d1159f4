"""``dao train relax|label``: what the trainings learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, PotentialName, Seed, Verbose

Part = Annotated[
    str, typer.Option("--part", metavar="I/N", help="This process does every N-th shard.")
]


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
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from dao_core.training.relaxed_records import RecordRelaxation, parse_part
    from dao_core.training.runs import run_relaxation
    from flows.cli.tables import flat_table

    settings = RecordRelaxation(keep_beyond=beyond == "keep", part=parse_part(part))
    with Bars() as bars, listening(bars):
        answer = run_relaxation(files, out, potential, settings)
    rows = [{"done": done, "entries": count} for done, count in answer["done"].items()]
    table = flat_table(rows, ("done", "entries"))
    table.caption = escape(f"at level {answer['level']}; shards in {out}")
    emit(answer, as_json=as_json, human=table)


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
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from dao_core.training.relaxed_records import parse_part
    from dao_core.training.runs import run_labelling
    from dao_core.training.teacher_run import TeacherSources
    from flows.cli.tables import flat_table

    sources = TeacherSources(records, held_out or (), seed=seed)
    with Bars() as bars, listening(bars):
        answer = run_labelling(sources, out, potential, parse_part(part))
    table = flat_table([answer], ("level", "shards", "labels"))
    table.caption = escape(f"shards in {out}; left out: {answer['dropped'] or 'none'}")
    emit(answer, as_json=as_json, human=table)
