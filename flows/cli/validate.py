"""``dao validate``: DFT checks of crystals of files or of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.console import emit_batch, set_up_logging
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


def validate(
    crystals: Crystals,
    code: Code = "qe",
    protocol: Protocol = "fast",
    workflow: Annotated[
        Literal["relax", "static"],
        typer.Option(
            "--workflow",
            help="Relax and end with a static run, or a static run only.",
        ),
    ] = "relax",
    hull: Annotated[
        bool,
        typer.Option(
            "--hull/--no-hull",
            help="Compute elements at the same level too, for energies above hull.",
        ),
    ] = True,
    functional: Functional = "pbe",
    pseudos: Pseudos = None,
    hubbard: Annotated[bool, typer.Option("--hubbard", help="Apply the table of U.")] = False,
    pressure: Annotated[
        float,
        typer.Option(
            "--pressure", metavar="GPA", help="Relax under it; enthalpies decide the hull then."
        ),
    ] = 0.0,
    core_hours: CoreHours = None,
    cores: Cores = None,
    cores_each: Annotated[
        int, typer.Option("--cores-each", metavar="N", help="Cores of one calculation.")
    ] = 1,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory", metavar="GIB", help="Memory to use at once. Default: what is free."
        ),
    ] = None,
    walltime: Annotated[
        float | None, typer.Option("--walltime", metavar="S", help="Limit of one run, seconds.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the resulting CIFs.")
    ] = Path("validated"),
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Write the inputs into the folder of --out, and stop."),
    ] = False,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Compute crystals by DFT and keep energies and crystals in the store.

    The same crystal at the same level is computed once, ever; interrupted, the same command goes
    on where it stopped.

    With --dry-run nothing runs: the inputs of each crystal lie in a folder of its name, ready for
    another machine, whose results `dao ingest qe:FOLDER` or `vasp:FOLDER` takes in.

    Example: dao validate MgO.cif --code qe --protocol fast
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.progress import listening
    from flows.cli.tables import validation_tables
    from flows.validation.command import validate_given
    from flows.validation.settings import read_settings

    given = {
        "code": code,
        "protocol": protocol,
        "workflow": workflow,
        "functional": functional,
        "pseudos": pseudos,
        "hubbard": hubbard,
        "pressure": pressure,
        "core_hours": core_hours,
        "cores": cores,
        "cores_each": cores_each,
        "memory": memory,
        "walltime": walltime,
    }
    settings = read_settings(given)
    if dry_run:
        from flows.cli.tables import flat_table
        from flows.validation.dry_run import write_given

        made = write_given(crystals, settings, out, store)
        emit_batch(made, as_json=as_json, human=flat_table(made["structures"], ("name", "inputs")))
        return
    with Bars() as bars, listening(bars):
        done = validate_given(crystals, settings, out, store, hull=hull)
    emit_batch(done, as_json=as_json, human=validation_tables(done, out))
