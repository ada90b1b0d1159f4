"""Record files as pools: crystals, their labels, and what potentials say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.fingerprint import fingerprint
from dao_core.doubt.second_opinion import second_energies
from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dao_core.learning.formation import ElementEnergies, fractions
from dao_core.learning.label_cost import USUAL_STEPS
from dao_core.learning.traits import LEAST_DOUBT, Traits, centred, disputes, pooled_features
from dao_core.potentials import Potential
from dao_core.predictor import PredictorPotential, load_predictor
from dao_core.references import known_crystal
from dao_core.relax import RelaxSettings, relax
from dao_core.training.records import iterate_records

Array = NDArray[np.float64]
Record = Mapping[str, Any]

LABELS = (
    "formation_energy_per_atom",
    "formation_energy_per_atom_est",
    "enthalpy_per_atom",
    "energy_per_atom",
)
"""The one that most records have is the truth; of equals the first."""
FORMATION = LABELS[:2]
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
        minima: DAO-P's.
        fingerprints: of these.
    """

    traits: Traits
    truth: Array
    static: Array
    natoms: NDArray[np.int_]
    steps: Array
    minima: tuple[Structure, ...]
    fingerprints: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, rows: NDArray[np.int_]) -> Pool:
        """Some of the compounds."""
        return Pool(
            self.traits.select(rows),
            self.truth[rows],
            self.static[rows],
            self.natoms[rows],
            self.steps[rows],
            tuple(self.minima[row] for row in rows),
            tuple(self.fingerprints[row] for row in rows),
        )

    def judged_by(self, potential: Potential) -> Pool:
        """The pool as a campaign sees it that refines: another potential first, DAO-P second.

        Its single points at DAO-P's minima stand for its minima. A crystal that it refuses keeps
        DAO-P's energy.
        """
        of_elements, own = self.traits.fractions, self.traits.formation
        energies = np.array(second_energies(self.minima, potential), dtype=float)
        first = energies - of_elements @ self._elements(potential, energies)
        dispute = disputes(of_elements, first, own)
        shift = own - np.nan_to_num(first) - dispute
        usual = np.median(shift[np.isfinite(first)]) if np.isfinite(first).any() else 0.0
        formation = np.where(np.isfinite(first), first, own - usual)
        return replace(self, traits=replace(self.traits, formation=formation, dispute=dispute))

    def _elements(self, potential: Potential, energies: Array) -> Array:
        """Energies of the elements' known crystals; if one has none, all that fit DAO-P best."""
        symbols = sorted({symbol for crystal in self.minima for symbol in crystal.symbol_set})
        crystals = [crystal for s in symbols if (crystal := known_crystal(s)) is not None]
        ends = relax(crystals, potential, SETTINGS)
        found = [end.energy_per_atom for end in ends if end.energy_per_atom is not None]
        if len(found) == len(symbols):
            return np.array(found)
        known = np.isfinite(energies)
        apart = (energies - self.traits.formation)[known]
        return np.asarray(np.linalg.lstsq(self.traits.fractions[known], apart, rcond=None)[0])


def read_pool(files: Sequence[Path], system: str | None, max_atoms: int) -> Pool:
    """Read files, relax their crystals by DAO-P, keep the compounds that it can place.

    Raises:
        InputError: no record that fits has a label, or an element has none.
    """
    wanted = None if system is None else set(system.split("-"))
    fit = [r for file in files for r in iterate_records(file) if _fits(r, wanted, max_atoms)]
    having = {key: [r for r in fit if r.get(key) is not None] for key in LABELS}
    label = max(LABELS, key=lambda key: len(having[key]))
    records = having[label]
    if not records:
        names = ", ".join(map(str, files))
        raise InputError(f"{names}: no record fits and has one of {', '.join(LABELS)}")
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
        tuple(kept),
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
    if label in FORMATION:
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
