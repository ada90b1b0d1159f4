"""The potential that is the truth in the place of DFT: the same choice, the same kind of label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.deduplication import same_crystal
from dao_core.potentials import Potential
from dao_core.relax import relax
from dao_core.search.conditions import RELAX_SETTINGS
from dao_core.search.dft_selection import select_for_dft
from flows.report.summary import RankedStructure
from flows.validation.memory import SOURCE
from stores import DaoStore
from stores.documents import LabelDocument, StructureDocument

ROUND, PREDICTED = "round", "predicted_energy_per_atom"
"""Properties of a simulated label: when it was made, and what DAO-P said."""


def choose(
    store: DaoStore, ranking: Sequence[RankedStructure], number: int, budget: int
) -> list[RankedStructure]:
    """The structures of a ranking to label in a round: none that an earlier round labelled."""
    earlier = [
        label.to_pymatgen()
        for label in store.find(LabelDocument, {"source": SOURCE})
        if label.properties[ROUND] < number
    ]
    fresh = [row for row in ranking if not any(same_crystal(row.relaxed(), one) for one in earlier)]
    return select_for_dft(fresh, budget)


def label(
    store: DaoStore, chosen: Sequence[RankedStructure], truth: Potential, number: int
) -> list[LabelDocument]:
    """Relax crystals with the truth and write what it says; lost ones are left out.

    Returns:
        The labels of those that converged, in the order of ``chosen``.
    """
    ends = relax([row.symmetrised() for row in chosen], truth, RELAX_SETTINGS)
    labels = [
        label_of(
            end.structure,
            truth,
            SOURCE,
            source_id=row.candidate_id,
            properties={ROUND: number, PREDICTED: row.energy_per_atom},
        )
        for row, end in zip(chosen, ends, strict=True)
        if end.converged
    ]
    keep(store, labels)
    return labels


def label_of(structure: Structure, truth: Potential, source: str, **facts: Any) -> LabelDocument:
    """What the truth says of a crystal as it is."""
    found = truth.evaluate(CrystalBatch.from_structures([structure]))
    return LabelDocument.of(
        structure,
        level=truth.level,
        source=source,
        energy_per_atom=float(found.energy[0]) / len(structure),
        forces=found.forces[0].tolist(),
        stress=found.stress[0].tolist(),
        **facts,
    )


def keep(store: DaoStore, labels: Sequence[LabelDocument]) -> None:
    """Write labels and their crystals."""
    store.put([StructureDocument.from_structure(one.to_pymatgen()) for one in labels])
    store.put(list(labels))
