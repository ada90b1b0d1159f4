"""``dao models``: the models that ship with the package and those that were imported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from flows.cli.console import emit, emit_batch, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose
from flows.cli.registry import registered

app = typer.Typer(help="Look at the models and import released ones.", no_args_is_help=True)


@app.callback()
def models() -> None:
    """Look at the models and import released ones."""


@app.command("list")
def list_models(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """List the shipped and imported models, and those registered in the store.

    Ends with 4 if a file cannot be read; it is named, and the others are listed.

    Example: dao models list
    """
    set_up_logging(verbose=verbose)
    from rich.console import Group

    from dao_core.errors import CheckpointError
    from dao_core.model_files import known_model_files
    from flows.cli.tables import flat_table, listed

    rows: list[dict[str, str | float]] = []
    failures: list[dict[str, str]] = []
    for file in known_model_files():
        try:
            rows.append(_row(file))
        except (CheckpointError, OSError) as error:
            failures.append({"file": str(file), "reason": str(error)})
    uri, in_store = registered(store)
    tables = Group(
        flat_table(rows, ("name", "kind", "megabytes", "hash")),
        listed(in_store, ("name", "kind", "serving", "id"), f"{len(in_store)} registered in {uri}"),
    )
    result = {"store": uri, "models": rows, "registered": in_store, "failures": failures}
    emit_batch(result, as_json=as_json, human=tables)


@app.command("import")
def import_model(
    path: Annotated[Path, typer.Argument(help="A released DAO checkpoint, .ckpt or .pt.")],
    role: Annotated[
        Literal["generator", "predictor"],
        typer.Option("--role", help="Whether it proposes crystals or predicts energies."),
    ] = "generator",
    energy_mean: Annotated[
        float | None,
        typer.Option("--energy-mean", help="Of a predictor's prop_scaler.pt, eV/atom."),
    ] = None,
    energy_std: Annotated[
        float | None,
        typer.Option("--energy-std", help="Of a predictor's prop_scaler.pt, eV/atom."),
    ] = None,
    heads: Annotated[
        int, typer.Option("--heads", min=1, help="Attention heads; 8 in all released models.")
    ] = 8,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring a released DAO checkpoint along; nothing that it holds is executed.

    The model is kept under its file name in DAO_HOME and is then known by that name.

    Example: dao models import dao_g.ckpt
    """
    set_up_logging(verbose=verbose)
    from dao_core.checkpoints.importer import import_released
    from dao_core.model_files import new_model_folder
    from flows.cli.tables import flat_table

    file = import_released(
        path,
        new_model_folder(path.stem),
        role=role,
        energy_mean=energy_mean,
        energy_std=energy_std,
        heads=heads,
    )
    row = _row(file)
    table = flat_table([row], ("name", "kind", "megabytes", "hash"))
    table.caption = escape(str(file))
    emit(row, as_json=as_json, human=table)


def _row(file: Path) -> dict[str, str | float]:
    from dao_core.checkpoints.format import checkpoint_hash, read_card

    card = read_card(file)
    return {
        "name": file.stem,
        "kind": f"{card['kind']}-{card['role']}" if "role" in card else card["kind"],
        "megabytes": round(file.stat().st_size / 1e6, 1),
        "hash": checkpoint_hash(file),
        "file": str(file),
    }
