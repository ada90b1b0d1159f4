"""``dao phonons``: is a structure a minimum, and which way does it fall if not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Crystals, Json, PotentialName, StoreUri, Verbose


def phonons(
    crystals: Crystals,
    potential: PotentialName = "dao-p",
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, metavar="K", help="Of the free energy.")
    ] = 300.0,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for what soft modes lead to.")
    ] = Path("phonons"),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find the phonons of crystals, relaxed within their symmetry.

    Unstable ones are displaced along their softest mode and relaxed to what they become.

    Example: dao phonons MgO.cif --potential chgnet --temperature 300
    """
    set_up_logging(verbose=verbose)
    from flows.campaign.progress import listening
    from flows.cli.bars import Bars
    from flows.cli.tables import flat_table
    from flows.interpretation.phonons import phonons_of_given

    with Bars() as bars, listening(bars):
        found = phonons_of_given(crystals, potential, temperature, out, store)
    columns = ("file", "formula", "minimum_frequency", "unstable", "zero_point_energy")
    table = flat_table(
        found["structures"],
        (*columns, "free_energy", "last_dos_peak", "energy_per_atom", "soft_mode_energy_per_atom"),
    )
    table.caption = f"THz, eV/atom, cm^-1 at level {found['level']}, {temperature:g} K"
    emit(found, as_json=as_json, human=table)
    if found["failures"]:
        raise typer.Exit(4)
