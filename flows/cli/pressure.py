"""``dao pressure``: which polymorph is stable at which pressure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn
from flows.cli.options import Crystals, Json, PotentialName, StoreUri, Verbose


def pressure(
    crystals: Crystals,
    potential: PotentialName = "dao-p",
    lowest: Annotated[float, typer.Option("--from", metavar="GPA", help="Lowest pressure.")] = 0.0,
    highest: Annotated[float, typer.Option("--to", metavar="GPA", help="Highest pressure.")] = 50.0,
    points: Annotated[
        int, typer.Option("--points", min=2, metavar="N", help="Pressures, evenly spaced.")
    ] = 6,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the figures.")
    ] = Path("pressure"),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compress polymorphs and find where one gives way to the next.

    Structures of one composition are compared with each other; each keeps its space group.

    Example: dao pressure B1.cif B2.cif --to 40 --points 9 --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from flows.interpretation.pressure import compress_given

    if lowest >= highest:
        raise typer.BadParameter(f"--from {lowest:g} must be below --to {highest:g}")
    step = (highest - lowest) / (points - 1)
    pressures = [lowest + i * step for i in range(points)]
    found = compress_given(crystals, potential, pressures, out, store)
    for text in found["warnings"]:
        warn(text)
    rows = [
        {"formula": composition["formula"], **transition}
        for composition in found["compositions"]
        for transition in composition["transitions"]
    ]
    columns = ("formula", "below", "above", "pressure", "pressure_std", "volume_change")
    table = flat_table(rows, columns)
    table.caption = escape(f"transitions in GPa at level {found['level']}; figures in {out}")
    emit_batch(found, as_json=as_json, human=table)
