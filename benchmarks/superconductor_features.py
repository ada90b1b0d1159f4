"""What regressions of critical temperatures are told of a crystal."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from pymatgen.core import Element, Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.fingerprint import fingerprint
from dao_core.errors import MissingError
from dao_core.predictor.checkpoint import load_energy_model
from dao_core.predictor.neighbours import half_neighbours

FLOOR = 0.1
"""Kelvin."""
PROPERTIES = (
    "Z", "X", "row", "group", "mendeleev_no", "atomic_mass", "atomic_radius", "melting_point",
    "molar_volume", "electron_affinity", "ionization_energy",
)  # fmt: skip
ATOMS_PER_BATCH = 256


@dataclass(frozen=True)
class Labelled:
    """Crystals with their labels and features.

    Attributes:
        formulas: reduced formula of each.
        target: ``[n]`` ln K.
        composition: ``[n, C]``.
        structure: ``[n, S]``.
        crystals: what they were made of.
    """

    formulas: np.ndarray
    target: np.ndarray
    composition: np.ndarray
    structure: np.ndarray
    crystals: list[Structure]


def labelled(path: Path, limit: int | None) -> Labelled:
    """Labels and features of a record file."""
    if not path.is_file():
        raise MissingError(f"there is no record file {path}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = [r for r in json.load(file)["records"] if r.get("Tc_K_dfpt") is not None]
    records = records[:limit]
    structures = [
        Structure(Lattice(r["lattice"]), [Element.from_Z(z) for z in r["atomic_numbers"]],
                  r["frac_coords"])
        for r in records
    ]  # fmt: skip
    return Labelled(
        np.array([r["reduced_formula"] for r in records]),
        np.log(np.maximum([r["Tc_K_dfpt"] for r in records], FLOOR)),
        np.array([composition_features(structure) for structure in structures]),
        structure_features(structures),
        structures,
    )


def composition_features(structure: Structure) -> np.ndarray:
    """Weighted mean, deviation, least and greatest of element properties, then the amounts."""
    amounts = structure.composition.get_el_amt_dict()
    weights = np.array(list(amounts.values())) / sum(amounts.values())
    traits = np.array([element_traits(symbol) for symbol in amounts])
    mean = weights @ traits
    deviation = np.sqrt(weights @ (traits - mean) ** 2)
    fractions = np.zeros(104)
    fractions[[Element(symbol).Z for symbol in amounts]] = weights
    return np.concatenate([mean, deviation, traits.min(0), traits.max(0), fractions])


@cache
def element_traits(symbol: str) -> tuple[float, ...]:
    """Properties of an element, and its electrons by shell; 0 where pymatgen knows none."""
    element = Element(symbol)
    found = [getattr(element, name) for name in PROPERTIES]
    filled = {orbital: electrons for _, orbital, electrons in element.full_electronic_structure}
    outer = [filled.get(orbital, 0) for orbital in "spdf"]
    values = [0.0 if value is None else float(value) for value in found]
    return (*(value if np.isfinite(value) else 0.0 for value in values), *outer)


@torch.no_grad()
def structure_features(structures: Sequence[Structure]) -> np.ndarray:
    """Volume per atom, neighbour distances, and the frozen DAO-P's features over the atoms."""
    backbone = load_energy_model("dao-p", "cpu").model
    rows: list[np.ndarray | None] = [None] * len(structures)
    waiting = sorted(range(len(structures)), key=lambda i: len(structures[i]))
    while waiting:
        largest = len(structures[waiting[min(31, len(waiting) - 1)]])
        count = max(1, min(32, ATOMS_PER_BATCH // largest))
        part, waiting = waiting[:count], waiting[count:]
        batch = CrystalBatch.from_structures([structures[i] for i in part])
        edges = half_neighbours(batch, backbone.config.cutoff)
        atoms = backbone.atom_features(batch, edges, edges.vectors)
        for row, i in enumerate(part):
            own = atoms[row, : len(structures[i])].double().numpy()
            shape = fingerprint(structures[i])
            volume = structures[i].volume / len(structures[i])
            geometry = [np.log(volume), *shape.mean(0), *shape.min(0)]
            rows[i] = np.concatenate([geometry, own.mean(0), own.std(0)])
    return np.array(rows)
