"""``dao doctor``: what works on this machine."""

from __future__ import annotations

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def doctor(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Try store, models, potentials, DFT programs and devices, and say what is missing.

    Ends with 3 if a campaign could not run.

    Example: dao doctor
    """
    set_up_logging(verbose=verbose)
    from rich.markup import escape
    from rich.table import Table

    from flows.doctor import as_result, examine

    checks = examine(store)
    table = Table("part", "works", "detail")
    for check in checks:
        word = "[green]yes[/]" if check.works else "[red]NO[/]" if check.needed else "no"
        table.add_row(check.part, word, escape(check.detail))
    result = as_result(checks, store)
    emit(result, as_json=as_json, human=table)
    if result["missing"]:
        raise typer.Exit(3)
