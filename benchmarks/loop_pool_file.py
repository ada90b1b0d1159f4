"""Record files as pools: crystals, their labels, and what DAO-P says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.fingerprint import fingerprint
from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dao_core.learning.formation import ElementEnergies, fractions
from dao_core.learning.label_cost import USUAL_STEPS
from dao_core.learning.traits import LEAST_DOUBT, Traits, centred, pooled_features
from dao_core.predictor import PredictorPotential, load_predictor
from dao_core.relax import RelaxSettings, relax
from dao_core.training.records import iterate_records

Array = NDArray[np.float64]
Record = Mapping[str, Any]

LABELS = ("formation_energy_per_atom", "enthalpy_per_atom", "energy_per_atom")
"""The first that all records have is the truth."""
BELOW = 0.5
"""eV/atom above DAO-P's hull: what is higher is no candidate."""
SETTINGS = RelaxSettings(max_steps=150)


@dataclass(frozen=True)
class Pool:
    """The compounds of a file.

    Attributes:
        traits: what DAO-P says, at its own minima.
        truth: ``[N]`` formation energy by the labels, eV/atom.
        static: ``[N]`` the same at DAO-P's minimum before relaxation; NaN where it is not known.
        natoms: ``[N]``.
        steps: ``[N]`` ionic steps of the label's relaxation.
        fingerprints: of DAO-P's minima.
    """

    traits: Traits
    truth: Array
    static: Array
    natoms: NDArray[np.int_]
    steps: Array
    fingerprints: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, rows: NDArray[np.int_]) -> Pool:
        """Some of the compounds."""
        kept = {f.name: getattr(self, f.name)[rows] for f in fields(self)[1:-1]}
        prints = tuple(self.fingerprints[row] for row in rows)
        return Pool(self.traits.select(rows), **kept, fingerprints=prints)


def read_pool(file: Path, system: str | None, max_atoms: int) -> Pool:
    """Read a file, relax its crystals by DAO-P, keep the compounds that it can place.

    Raises:
        InputError: no record has a label, or an element has none.
    """
    wanted = None if system is None else set(system.split("-"))
    records = [r for r in iterate_records(file) if _fits(r, wanted, max_atoms)]
    label = next((key for key in LABELS if records and all(key in r for r in records)), None)
    if label is None:
        raise InputError(f"{file}: no record fits, or not all have one of {', '.join(LABELS)}")
    crystals = [_structure(record) for record in records]
    truth, static = _formation(records, crystals, label)
    predictor = load_predictor()
    ends = relax([_structure(r.get("start", r)) for r in records], predictor, SETTINGS)
    usable = np.array([end.energy_per_atom is not None for end in ends])
    minima = [end.structure for end in ends]
    formation, doubt = _predicted(minima, predictor)
    symbols = sorted({symbol for crystal in crystals for symbol in crystal.symbol_set})
    compound = np.array([len(crystal.symbol_set) > 1 for crystal in crystals])
    rows = np.flatnonzero(usable & compound & np.isfinite(formation))
    kept = [minima[row] for row in rows]
    traits = Traits(
        fractions([one.composition for one in kept], symbols),
        centred(pooled_features(kept, predictor)),
        formation[rows],
        np.maximum(doubt[rows], LEAST_DOUBT),
    )
    return Pool(
        traits,
        truth[rows],
        static[rows],
        np.array([len(one) for one in kept]),
        np.array([float(records[row].get("steps", USUAL_STEPS)) for row in rows]),
        tuple(fingerprint(one) for one in kept),
    )


def _fits(record: Record, wanted: set[str] | None, max_atoms: int) -> bool:
    small = len(record["atomic_numbers"]) <= max_atoms
    return small and (wanted is None or set(_composition(record).get_el_amt_dict()) <= wanted)


def _composition(record: Record) -> Composition:
    return _structure(record).composition


def _structure(record: Record) -> Structure:
    return Structure(Lattice(record["lattice"]), record["atomic_numbers"], record["frac_coords"])


def _formation(
    records: Sequence[Record], crystals: Sequence[Structure], label: str
) -> tuple[Array, Array]:
    """Formation energies of labels and of statics, eV/atom."""
    energies = np.array([float(record[label]) for record in records])
    static = np.array([float(record.get("static_energy_per_atom", "nan")) for record in records])
    if label == LABELS[0]:
        return energies, np.full(len(records), np.nan)
    compositions = [crystal.composition for crystal in crystals]
    entries = [PhaseEntry(c, e, label) for c, e in zip(compositions, energies, strict=True)]
    elements = ElementEnergies.among(entries)
    return elements.formation(compositions, energies), elements.formation(compositions, static)


def _predicted(minima: Sequence[Structure], predictor: PredictorPotential) -> tuple[Array, Array]:
    """Formation energies by DAO-P against its own elements where it saw them, and its doubt."""
    batches = [CrystalBatch.from_structures([one]) for one in minima]
    found = [predictor.evaluate(batch) for batch in batches]
    per_atom = np.array([float(f.energy[0]) / len(m) for f, m in zip(found, minima, strict=True)])
    doubt = np.array([float(f.energy_std[0]) for f in found if f.energy_std is not None])
    known: dict[str, float] = {}
    for one, energy in zip(minima, per_atom, strict=True):
        if len(one.symbol_set) == 1 and np.isfinite(energy):
            symbol = one.symbol_set[0]
            known[symbol] = min(known.get(symbol, np.inf), energy)
    elemental = predictor.model.elemental_energy
    of_elements = [
        sum(
            x * known.get(e.symbol, float(elemental[e.Z]))
            for e, x in one.composition.fractional_composition.items()
        )
        for one in minima
    ]
    return per_atom - np.array(of_elements), doubt
