"""``dao surface`` and ``dao layer``: slabs, their tops, and layers of two dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn_of_flags
from flows.cli.options import Crystals, Json, PotentialByPurpose, StoreUri, Verbose


def surface(
    crystals: Crystals,
    miller: Annotated[str, typer.Option("--miller", metavar="HKL", help="001, or 1,0,-1.")] = "001",
    potential: PotentialByPurpose = "dao-p",
    thickness: Annotated[
        float, typer.Option("--thickness", min=1.0, metavar="A", help="Of the slab, at least.")
    ] = 12.0,
    tops: Annotated[
        int, typer.Option("--tops", min=0, help="Reconstructions tried; 0 for none.")
    ] = 0,
    cell: Annotated[
        str, typer.Option("--cell", metavar="AxB", help="Surface cell of the reconstructions.")
    ] = "2x1",
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Generator that makes half of the tops."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the CIFs.")] = Path(
        "surfaces"
    ),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find the energies of a surface's terminations and, with --tops, reconstructions.

    Reconstructions keep the lower half of the slab and make its top anew.

    Example: dao surface MgO.cif --miller 001 --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.interpretation.surfaces import SurfaceSettings
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.interpretation.surfaces import surfaces_of_given

    settings = SurfaceSettings(_miller(miller), thickness, tops, _cell(cell), model)
    with Bars() as bars, listening(bars):
        found = surfaces_of_given(crystals, potential, settings, out, store)
    warn_of_flags(found)
    rows = [
        {"file": r["file"], "formula": r["formula"], **one}
        for r in found["structures"]
        for one in [*r["terminations"], *r["reconstructions"]]
    ]
    columns = ("file", "formula", "natoms", "surface_energy", "unrelaxed")
    table = flat_table(rows, (*columns, "surface_energy_change", "energy_gain", "origin", "note"))
    table.caption = escape(
        f"J/m^2, gain in eV per surface cell, level {found['level']}; CIFs in {out}"
    )
    emit_batch(found, as_json=as_json, human=table)


def layer(
    crystals: Crystals,
    potential: PotentialByPurpose = "dao-p",
    vacuum: Annotated[
        float | None,
        typer.Option("--vacuum", min=0.0, metavar="A", help="Given to the cell first."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the CIFs.")] = Path(
        "layers"
    ),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Relax layers of two dimensions; the vacuum along c stays.

    Example: dao layer MoS2.cif --vacuum 15 --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.interpretation.surfaces import layers_of_given

    with Bars() as bars, listening(bars):
        found = layers_of_given(crystals, potential, vacuum, out, store)
    warn_of_flags(found)
    columns = ("file", "formula", "energy_per_atom", "thickness", "vacuum")
    table = flat_table(found["structures"], columns)
    table.caption = escape(f"eV/atom, angstrom, level {found['level']}; CIFs in {out}")
    emit_batch(found, as_json=as_json, human=table)


def _miller(text: str) -> tuple[int, int, int]:
    parts = text.split(",") if "," in text else list(text)
    try:
        h, k, l_ = (int(part) for part in parts)
    except ValueError as error:
        raise typer.BadParameter(f"--miller {text}: give three integers, 001 or 1,0,-1") from error
    return h, k, l_


def _cell(text: str) -> tuple[int, int]:
    try:
        a, b = (int(part) for part in text.split("x"))
    except ValueError as error:
        raise typer.BadParameter(f"--cell {text}: give two whole numbers, as 2x1") from error
    if a < 1 or b < 1:
        raise typer.BadParameter(f"--cell {text}: both must be at least 1")
    return a, b
