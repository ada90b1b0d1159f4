"""``dao store serve``: the store as an OPTIMADE service."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.console import STDERR, set_up_logging
from flows.cli.options import StoreUri, Verbose


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; by default this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port.")] = 5000,
    level: Annotated[
        str | None,
        typer.Option("--level", help="Serve energies of this level. Default: the first of each."),
    ] = None,
    store: StoreUri = None,
    verbose: Verbose = False,
) -> None:
    """Serve the present state of the store as OPTIMADE, with _dao_ properties, until Ctrl-C.

    Example: dao store serve --port 5000
    """
    set_up_logging(verbose=verbose)
    from flows.cli.bars import Bars
    from flows.cli.store.selecting import parse
    from stores import open_store
    from stores.export.optimade_service import optimade_app, run

    with open_store(store) as opened, Bars() as bars:
        parse(opened, "", "thermo", None)
        bars.begin("structures", opened.structures.count())
        app = optimade_app(
            opened, level=level, on_progress=lambda done: bars.advance("structures", done)
        )
    STDERR.print(f"http://{host}:{port}/v1/structures  (Ctrl-C ends)")
    run(app, host=host, port=port)
