"""``dao generate``: structures of one composition straight from DAO-G."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Seed, StoreUri, Verbose


def generate(
    formula: Annotated[str, typer.Argument(help="Reduced or whole formula, e.g. MgO.")],
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="How many structures.")] = 8,
    z: Annotated[int, typer.Option("--z", min=1, help="Formula units per cell.")] = 1,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the CIFs.")] = Path(
        "generated"
    ),
    store: StoreUri = None,
    force: Annotated[
        bool, typer.Option("--force", help="Go on beyond the largest cell of the model.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Generate structures of a composition, without relaxation or energies.

    Example: dao generate Cr6Os2 -n 20 --out cr6os2
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from flows.generation import generate_formula

    result = generate_formula(formula, n, z, seed, out, store, force=force)
    columns = ("candidate_id", "formula", "z", "space_group", "volume", "rejection")
    table = flat_table(result["structures"], columns)
    table.caption = f"as generated, not relaxed; CIFs in {out}"
    emit(result, as_json=as_json, human=table)
