"""``dao fill``: another element placed into a known framework."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn
from flows.cli.options import MOST_SAMPLES, Json, PotentialName, Seed, StoreUri, Verbose


def fill(
    framework: Annotated[
        str,
        typer.Argument(
            metavar="FRAMEWORK",
            help="A file, an id of the store, or PROTOTYPE:ELEMENTS of the AFLOW library.",
        ),
    ],
    count: Annotated[
        str,
        typer.Option(
            "--count", metavar="N|A:B", help="Atoms per cell of the framework; 9.5 and 6:10 too."
        ),
    ],
    element: Annotated[
        str, typer.Option("--element", metavar="SYMBOL", help="What fills the framework.")
    ] = "H",
    pressure: Annotated[
        float, typer.Option("--pressure", metavar="GPA", help="At which it is released.")
    ] = 0.0,
    volume: Annotated[
        float | None,
        typer.Option("--volume", min=1.0, metavar="A3", help="Of the framework's cell."),
    ] = None,
    n: Annotated[
        int, typer.Option("-n", "--number", min=1, max=MOST_SAMPLES, help="Samples of each amount.")
    ] = 16,
    potential: PotentialName = "dao-p",
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="A name from `dao models list`, or FILE.")
    ] = "dao-g",
    seed: Seed = 0,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the CIFs.")] = Path(
        "filled"
    ),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Fill a framework with hydrogen or another element and release it at a pressure.

    DAO-G places the atoms while the framework is held; they relax, then everything does. Networks
    are described (distances, cages, coordination, dimension) and clustered. What comes out are
    candidates of the store; `dao validate` checks them.

    Example: dao fill La.cif --count 10 --pressure 150 --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.interpretation.filling import FillRequest
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.interpretation.frameworks import fill as fill_all

    lowest, highest = _range(count)
    request = FillRequest(
        framework, element, lowest, highest, n, volume, pressure, potential, model, seed
    )
    with Bars() as bars, listening(bars):
        found = fill_all(request, out, store)
    for text in found["warnings"]:
        warn(text)
    rows = [
        {**r, **{k: r["network"][k] for k in ("shortest", "dimensionality", "cages")}}
        for r in found["structures"]
    ]
    columns = ("candidate_id", "formula", "space_group", "enthalpy_per_atom", "shortest")
    table = flat_table(rows, (*columns, "dimensionality", "cages", "cluster", "population"))
    table.caption = escape(f"eV/atom at {pressure:g} GPa, level {found['level']}; CIFs in {out}")
    emit_batch(found, as_json=as_json, human=table)


def _range(count: str) -> tuple[float, float]:
    """``10`` or ``6:10`` as two numbers."""
    lowest, _, highest = count.partition(":")
    try:
        return float(lowest), float(highest or lowest)
    except ValueError as error:
        raise typer.BadParameter(f"--count {count}: give a number or two, as 6:10") from error
