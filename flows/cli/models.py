"""``dao models``: the models that ship with the package."""

from __future__ import annotations

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Verbose

app = typer.Typer(help="Look at the models.", no_args_is_help=True)


@app.callback()
def models() -> None:
    """Look at the models."""


@app.command("list")
def list_models(as_json: Json = False, verbose: Verbose = False) -> None:
    """List the shipped models with their kind, size and hash.

    Example: dao models list
    """
    set_up_logging(verbose=verbose)
    from dao_core.checkpoints.format import checkpoint_hash, read_card
    from dao_core.pretrained import SHIPPED
    from flows.cli.tables import flat_table

    rows = [
        {
            "name": file.stem,
            "kind": read_card(file)["kind"],
            "megabytes": round(file.stat().st_size / 1e6, 1),
            "hash": checkpoint_hash(file),
            "file": str(file),
        }
        for file in sorted(SHIPPED.glob("*.safetensors"))
    ]
    table = flat_table(rows, ("name", "kind", "megabytes", "hash"))
    emit({"level": None, "store": None, "models": rows}, as_json=as_json, human=table)
