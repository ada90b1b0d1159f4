"""``dao store serve``: the store as an OPTIMADE service."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from flows.cli.console import STDERR, emit, set_up_logging, warn
from flows.cli.options import Json, StoreUri, Verbose


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
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Serve the present state of the store as OPTIMADE, with _dao_ properties, until Ctrl-C.

    Example: dao store serve --port 5000
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.store.selecting import parse
    from stores import open_store

    os.environ.setdefault("OPTIMADE_LOG_LEVEL", "warning")
    with redirect_stdout(sys.stderr):  # where the reference server's log goes is settled at import
        from stores.export.optimade_service import (
            check_address,
            is_loopback,
            optimade_app,
            run,
        )
    check_address(host, port)
    with open_store(store) as opened, Bars() as bars:
        parse(opened, "", "thermo", None)
        count = opened.structures.count()
        bars.begin("structures", count)
        app = optimade_app(
            opened, level=level, on_progress=lambda done: bars.advance("structures", done)
        )
        uri = opened.uri
    if not is_loopback(host):
        warn(f"{host} is not this machine alone: whoever reaches its port {port} reads the store")
    url = f"http://{host}:{port}/v1/structures"
    emit({"level": level, "store": uri, "url": url, "structures": count}, as_json=as_json)
    STDERR.print(f"{url}  (Ctrl-C ends)")
    run(app, host=host, port=port)
