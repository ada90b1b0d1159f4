"""What a potential says of crystals as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.identity import structure_id
from dao_core.crystal.symmetry import space_group_of
from dao_core.crystal.validity import invalid_reason
from dao_core.potentials import Evaluation, Potential
from dao_core.search.batches import by_atoms
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

MAX_ATOMS = 512
MAX_CRYSTALS = 64


def predicted(structures: Sequence[Structure], potential: Potential) -> list[dict[str, Any]]:
    """Energy, largest force and pressure of crystals, one record each, in their order.

    Args:
        structures: Ordered crystals.
        potential: What is asked.

    Returns:
        ``formula``, ``z``, ``natoms``, ``structure_id``, ``space_group``, ``volume`` (cubic
        angstrom), ``energy_per_atom`` and ``energy_std`` (eV/atom), ``max_force`` (eV/angstrom),
        ``pressure`` (GPa), ``outside_domain`` (why the numbers mean little: atoms too close, the
        potential's elements, sizes and pressures) and ``error``; None for what is not known.
    """
    batches = by_atoms(structures, len, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)
    return [record for batch in batches for record in _evaluated(batch, potential)]


def _evaluated(batch: Sequence[Structure], potential: Potential) -> list[dict[str, Any]]:
    evaluation = potential.evaluate(CrystalBatch.from_structures(batch))
    return [_record(one, evaluation, row, potential) for row, one in enumerate(batch)]


def _record(
    structure: Structure, evaluation: Evaluation, row: int, potential: Potential
) -> dict[str, Any]:
    natoms = len(structure)
    forces = evaluation.forces[row, :natoms].norm(dim=-1)
    pressure = -float(evaluation.stress[row].diagonal().mean()) * EV_PER_CUBIC_ANGSTROM_IN_GPA
    std = evaluation.energy_std
    return {
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
        "outside_domain": _objection(structure, pressure, potential),
        "error": evaluation.errors.get(row),
    }


def _objection(structure: Structure, pressure: float, potential: Potential) -> str | None:
    """Why the numbers of a crystal mean little, or None."""
    if all(element.is_noble_gas for element in structure.elements):
        return "nothing but noble gases, whose bonds no potential here was made for"
    clash = invalid_reason(structure)
    return clash or potential.domain.objection(structure, pressure if isfinite(pressure) else 0.0)


def _finite(value: float) -> float | None:
    """The number, or None where there is none: JSON knows no NaN."""
    return value if isfinite(value) else None
