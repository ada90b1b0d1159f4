"""``dao generate``: structures of one composition straight from DAO-G."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit, set_up_logging
from flows.cli.options import MOST_SAMPLES, Held, Json, Seed, StoreUri, Verbose, cell_formula


def generate(
    formula: Annotated[
        str, typer.Argument(callback=cell_formula, help="Reduced or whole formula, e.g. MgO.")
    ],
    n: Annotated[
        int, typer.Option("-n", "--number", min=1, max=MOST_SAMPLES, help="How many structures.")
    ] = 8,
    z: Annotated[
        int | None,
        typer.Option(
            "--z", min=1, help="Units of the reduced formula per cell. Default: as it is written."
        ),
    ] = None,
    seed: Seed = 0,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="A name from `dao models list`, or FILE.")
    ] = "dao-g",
    guidance: Annotated[
        str | None,
        typer.Option(
            "--guidance", metavar="NAME", help="Guidance energy of that model's kind, or FILE."
        ),
    ] = None,
    weight: Annotated[
        float, typer.Option("--weight", min=0.0, help="Of the guidance; measure what it does.")
    ] = 1.0,
    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="A crystal of which parts are held."),
    ] = None,
    hold: Annotated[
        Held,
        typer.Option("--hold", help="Which: framework is lattice and sites; orbits, symmetry."),
    ] = "framework",
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

    With --guidance the gradient of a predictor that was trained on noisy crystals bends the way
    (`dao train predictor`, head: guidance; or an imported predictor for an imported generator).

    With --template the atoms of a file stay where they are and the others are placed around them;
    or the file's lattice, or its space group and occupied orbits, are kept.

    Example: dao generate Cr6Os2 -n 20 --out cr6os2
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from flows.generation import Proposer, generate_formula

    proposer = Proposer(model, guidance, weight, template, hold)
    result = generate_formula(formula, n, z, seed, out, store, proposer, force=force)
    columns = (
        "candidate_id",
        "formula",
        "z",
        "space_group",
        "volume",
        "rejection",
        "outside_domain",
    )
    table = flat_table(result["structures"], columns)
    table.caption = escape(f"as generated, not relaxed; CIFs in {out}")
    emit(result, as_json=as_json, human=table)
