"""``dao phonons``: is a structure a minimum, and which way does it fall if not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn_of_flags
from flows.cli.options import Crystals, Json, PotentialByPurpose, StoreUri, Verbose
from flows.cli.tables import flat_table


def phonons(
    crystals: Crystals,
    potential: PotentialByPurpose = "dao-p",
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, metavar="K", help="Of the free energy.")
    ] = 300.0,
    pressure: Annotated[
        float, typer.Option("--pressure", metavar="GPA", help="At which crystals are relaxed.")
    ] = 0.0,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for what soft modes lead to.")
    ] = Path("phonons"),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find the phonons of crystals, relaxed within their symmetry.

    Unstable ones are displaced along their softest mode and relaxed to what they become: a
    candidate of the store, which the next campaign of the composition takes up. Polymorphs of one
    composition are ranked by free energy too.

    Example: dao phonons MgO.cif --potential chgnet --temperature 300
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.interpretation.phonons import PhononSettings
    from dao_core.progress import listening
    from flows.interpretation.phonons import phonons_of_given

    settings = PhononSettings(temperature, pressure)

    with Bars() as bars, listening(bars):
        found = phonons_of_given(crystals, potential, settings, out, store)
    warn_of_flags(found)
    columns = ("file", "formula", "minimum_frequency", "imaginary", "zero_point_energy")
    table = flat_table(
        found["structures"],
        (*columns, "free_energy", "last_dos_peak", "energy_per_atom", "soft_mode_energy_per_atom"),
    )
    table.caption = escape(f"THz, eV/atom, cm^-1 at level {found['level']}, {temperature:g} K")
    emit_batch(found, as_json=as_json, human=Group(table, *_polymorphs(found, temperature)))


def _polymorphs(found: Mapping[str, Any], temperature: float) -> list[RenderableType]:
    """The order of polymorphs at rest and at the temperature, where there are several."""
    if not found["polymorphs"]:
        return []
    columns = ("formula", "name", "rank", "rank_at_rest", "at_temperature", "at_zero", "at_rest")
    table = flat_table(found["polymorphs"], (*columns, "unstable"))
    table.caption = (
        f"eV/atom above the lowest: at {temperature:g} K, at 0 K with zero point, static"
    )
    return [table]
