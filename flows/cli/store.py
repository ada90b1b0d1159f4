"""``dao store``: what the store holds."""

from __future__ import annotations

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose

app = typer.Typer(help="Look at the store.", no_args_is_help=True)


@app.callback()
def store() -> None:
    """Look at the store."""


@app.command("info")
def info(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show where the store is and how many documents each collection has.

    Example: dao store info --json
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from stores import open_store

    with open_store(store) as opened:
        counts = {name: found.count() for name, found in opened.collections.items()}
        uri = opened.uri
    rows = [{"collection": name, "documents": count} for name, count in counts.items()]
    table = flat_table(rows, ("collection", "documents"))
    table.title = uri
    emit({"level": None, "store": uri, "documents": counts}, as_json=as_json, human=table)
