"""Energies of structures as they stand in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.crystal.reading import read_given
from dao_core.model_files import model_file
from dao_core.potentials import load_potential
from dao_core.predicted import predicted
from dao_core.predictor.property_prediction import predicted_property


def predict_files(
    files: Sequence[Path], potential: str, property_model: str | None = None
) -> dict[str, Any]:
    """Predict energy, largest force and pressure of every structure in some files.

    Args:
        files: Files or folders.
        potential: Name of the potential.
        property_model: Name or file of a model of ``dao train property``, to be asked too.

    Returns:
        ``level``, ``structures`` (one record each, in the order of reading), ``failures``, and
        what ``property`` is, where one was asked for.

    Raises:
        DaoError: Nothing can be read, or the potential is not there.
    """
    reading = read_given(files)
    loaded = load_potential(potential)
    found = predicted([named.structure for named in reading.structures], loaded)
    records = [
        {"file": named.source, **record, "notes": list(named.notes)}
        for named, record in zip(reading.structures, found, strict=True)
    ]
    about = None
    if property_model is not None:
        structures = [named.structure for named in reading.structures]
        about, values = predicted_property(model_file(property_model), structures)
        records = [record | value for record, value in zip(records, values, strict=True)]
    failures = [{"file": f.source, "reason": f.reason} for f in reading.failures]
    failures += [{"file": r["file"], "reason": r["error"]} for r in records if r["error"]]
    answer = {"level": loaded.level, "structures": records, "failures": failures}
    return answer if about is None else {**answer, "property": about}
