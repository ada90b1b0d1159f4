"""``dao predict``: energy, forces and stress of structures as they are."""

from __future__ import annotations

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Files, Json, PotentialName, Verbose


def predict(
    files: Files,
    potential: PotentialName = "dao-p",
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Predict energy, largest force and pressure of the structures in files.

    Example: dao predict MgO.cif NaCl.cif --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from flows.prediction import predict_files

    prediction = predict_files(files, potential)
    table = flat_table(
        prediction["structures"], ("file", "formula", "energy_per_atom", "max_force", "pressure")
    )
    table.caption = f"eV/atom at level {prediction['level']}, eV/angstrom, GPa"
    emit({"store": None, **prediction}, as_json=as_json, human=table)
    if prediction["failures"]:
        raise typer.Exit(4)
