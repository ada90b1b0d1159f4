"""``dao relax``: relax structures of files and keep what they became."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging
from flows.cli.options import Files, Json, PotentialName, StoreUri, Verbose


def relax(
    files: Files,
    potential: PotentialName = "dao-p",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the relaxed CIFs.")
    ] = Path("relaxed"),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Relax atoms and cell of the structures in files.

    A structure that the store knows relaxed at this level is not relaxed again.

    Example: dao relax MgO.cif --potential chgnet --out relaxed
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.own_relaxation import relax_files

    with Bars() as bars, listening(bars):
        relaxed = relax_files(files, potential, out, store)
    columns = ("file", "formula", "space_group", "energy_before", "energy_per_atom", "steps")
    table = flat_table(relaxed["structures"], (*columns, "stop_reason", "max_force", "volume"))
    table.caption = escape(f"eV/atom at level {relaxed['level']}; CIFs in {out}")
    emit_batch(relaxed, as_json=as_json, human=table)
