"""Energies of structures as they stand in files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.identity import structure_id
from dao_core.crystal.reading import NamedStructure, Reading, read_structures
from dao_core.crystal.symmetry import space_group_of
from dao_core.errors import InputError
from dao_core.potentials import Evaluation, Potential, load_potential
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from flows.campaign.batches import by_atoms
from flows.model_files import model_file
from flows.property_prediction import predicted_property

MAX_ATOMS = 512
MAX_CRYSTALS = 64


def read_given(files: Sequence[Path]) -> Reading:
    """Read the structures of files.

    Raises:
        InputError: Not one structure could be read; names every file and its reason.
    """
    reading = read_structures(files)
    if not reading.structures:
        reasons = "; ".join(f"{failure.source}: {failure.reason}" for failure in reading.failures)
        raise InputError(f"no structure could be read: {reasons}")
    return reading


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
    records = [
        record
        for batch in by_atoms(
            reading.structures,
            lambda named: len(named.structure),
            max_atoms=MAX_ATOMS,
            max_items=MAX_CRYSTALS,
        )
        for record in _predict(batch, loaded)
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


def _predict(batch: Sequence[NamedStructure], potential: Potential) -> list[dict[str, Any]]:
    evaluation = potential.evaluate(
        CrystalBatch.from_structures([named.structure for named in batch])
    )
    return [_record(named, evaluation, row, potential) for row, named in enumerate(batch)]


def _record(
    named: NamedStructure, evaluation: Evaluation, row: int, potential: Potential
) -> dict[str, Any]:
    structure = named.structure
    natoms = len(structure)
    forces = evaluation.forces[row, :natoms].norm(dim=-1)
    pressure = -float(evaluation.stress[row].diagonal().mean()) * EV_PER_CUBIC_ANGSTROM_IN_GPA
    std = evaluation.energy_std
    return {
        "file": named.source,
        "formula": structure.composition.reduced_formula,
        "z": int(structure.composition.get_reduced_composition_and_factor()[1]),
        "natoms": natoms,
        "structure_id": structure_id(structure),
        "space_group": space_group_of(structure)[0],
        "volume": structure.volume,
        "energy_per_atom": _finite(float(evaluation.energy[row]) / natoms),
        "energy_std": None if std is None else _finite(float(std[row])),
        "max_force": _finite(float(forces.max())),
        "pressure": _finite(pressure),
        "outside_domain": potential.domain.objection(structure),
        "error": evaluation.errors.get(row),
    }


def _finite(value: float) -> float | None:
    """The number, or None where there is none: JSON knows no NaN."""
    return value if math.isfinite(value) else None
