"""``dao electrons``: states, gap, moments, charges, localisation, and electride or not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging, warn_of_flags
from flows.cli.options import (
    Code,
    CoreHours,
    Cores,
    Crystals,
    Functional,
    Json,
    Protocol,
    Pseudos,
    StoreUri,
    Verbose,
)


def electrons(
    crystals: Crystals,
    code: Code = "qe",
    protocol: Protocol = "fast",
    functional: Functional = "pbe",
    pseudos: Pseudos = None,
    core_hours: CoreHours = None,
    cores: Cores = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the figures.")
    ] = Path("electrons"),
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Interpret the electrons of crystals as they stand, by Quantum ESPRESSO or VASP.

    Projected states, gap, moments, Bader charges (and Loewdin's, by Quantum ESPRESSO), maxima of
    the electron localisation function (core, bond, lone pair, interstitial) and whether the crystal
    is an electride. Relax first with `dao validate` or `dao relax`; each crystal is computed once,
    ever.

    Example: dao electrons Ca2N.cif --protocol fast
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from flows.cli.tables import flat_table
    from flows.interpretation.electrons import electrons_of_given
    from flows.validation.settings import read_settings

    given = {
        "code": code,
        "protocol": protocol,
        "functional": functional,
        "pseudos": pseudos,
        "core_hours": core_hours,
        "cores": cores,
    }
    with Bars() as bars, listening(bars):
        found = electrons_of_given(crystals, read_settings(given), out, store)
    rows = [
        {**record, "evidence": (record["electride_evidence"] or {}).get("reason")}
        for record in found["structures"]
    ]
    columns = ("file", "formula", "band_gap", "direct", "total_magnetization", "electride")
    table = flat_table(rows, (*columns, "evidence"))
    table.caption = escape(
        f"gap in eV, magnetisation in Bohr magnetons; figures and charges in {out}"
    )
    warn_of_flags(found)
    emit_batch(found, as_json=as_json, human=table)
