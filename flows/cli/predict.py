"""``dao predict``: energy, forces and stress of structures as they are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit_batch, set_up_logging
from flows.cli.options import Files, Json, PotentialName, Verbose


def predict(
    files: Files,
    potential: PotentialName = "dao-p",
    property_model: Annotated[
        str | None,
        typer.Option("--property", metavar="FILE", help="A model of `dao train property`, too."),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Predict energy, largest force and pressure of the structures in files.

    Example: dao predict MgO.cif NaCl.cif --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from dao_core.predicted_files import predict_files
    from flows.cli.tables import flat_table

    prediction = predict_files(files, potential, property_model)
    columns = ["file", "formula", "energy_per_atom", "energy_std", "max_force", "pressure"]
    caption = escape(f"eV/atom at level {prediction['level']}, eV/angstrom, GPa")
    if about := prediction.get("property"):
        columns += ["property", "property_low", "property_high"]
        of = "its logarithm" if about["mae_is_of_logarithm"] else "it"
        caption += (
            f"; property: {about['label']}, one deviation of the members below and above; mean "
            f"error of {of} on unseen formulas {about['mae_unseen']:.3g}"
        )
    if any(one["outside_domain"] for one in prediction["structures"]):
        columns.append("outside_domain")
    table = flat_table(prediction["structures"], columns)
    table.caption = caption
    emit_batch(prediction, as_json=as_json, human=table)
