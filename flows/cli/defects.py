"""``dao defects``: neutral point defects and their formation energies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn_of_flags
from flows.cli.options import Crystals, Json, PotentialByPurpose, StoreUri, Verbose


def defects(
    crystals: Crystals,
    potential: PotentialByPurpose = "dao-p",
    interstitial: Annotated[
        list[str] | None,
        typer.Option("--interstitial", metavar="SYMBOL", help="Of another element; repeatable."),
    ] = None,
    mu: Annotated[
        list[str] | None,
        typer.Option("--mu", metavar="O=-4.9", help="Chemical potential, eV/atom; repeatable."),
    ] = None,
    length: Annotated[
        float, typer.Option("--length", min=1.0, metavar="A", help="Of the supercell, at least.")
    ] = 10.0,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the CIFs.")] = Path(
        "defects"
    ),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find neutral vacancies, antisites and interstitials and their formation energies.

    Chemical potentials are those of the elements' crystals, relaxed at the level, unless given.

    Example: dao defects MgO.cif --potential chgnet --mu O=-4.95
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.interpretation.defects import DefectSettings
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.interpretation.defects import defects_of_given

    given = dict(_potential(text) for text in mu or [])
    settings = DefectSettings(length, tuple(interstitial or ()), given)
    with Bars() as bars, listening(bars):
        found = defects_of_given(crystals, potential, settings, out, store)
    warn_of_flags(found)
    rows = [
        {"file": r["file"], "formula": r["formula"], **one}
        for r in found["structures"]
        for one in r["defects"]
    ]
    table = flat_table(rows, ("file", "formula", "name", "formation_energy", "note"))
    table.caption = escape(f"eV, neutral, level {found['level']}; CIFs in {out}")
    emit_batch(found, as_json=as_json, human=table)


def _potential(text: str) -> tuple[str, float]:
    symbol, _, value = text.partition("=")
    try:
        return symbol, float(value)
    except ValueError as error:
        raise typer.BadParameter(f"--mu {text}: give SYMBOL=ENERGY in eV/atom") from error
