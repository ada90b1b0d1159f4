"""Labels, hold-out and replay as the training takes them, read from the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from dao_core.errors import InputError
from dao_core.training.records import read_crystals
from dao_core.training.teacher_shards import LabelledStructure
from stores import DaoStore
from stores.documents import (
    LabelDocument,
    ManifestDocument,
    RelaxationDocument,
    TestSetDocument,
)

LABELS, RELAXATIONS = "labels/", "relaxations/"
REPLAYED_ATOMS = 20
"""Larger crystals of record files are not replayed."""


def labels_of(store: DaoStore, manifest: ManifestDocument) -> list[LabelledStructure]:
    """The labels of a manifest that have an energy, in its order."""
    ids = [one.example_id.removeprefix(LABELS) for one in manifest.entries
           if one.example_id.startswith(LABELS)]  # fmt: skip
    found = store.find(LabelDocument, {"label_id": {"$in": ids}}, sort={"label_id": 1})
    return _labelled(found)


def relaxed_of(store: DaoStore, manifest: ManifestDocument) -> list[Structure]:
    """The relaxed candidates of a manifest, the lowest above the hull first."""
    ids = [one.example_id for one in manifest.entries if one.example_id.startswith(RELAXATIONS)]
    examples = store.examples.query(
        {"example_id": {"$in": ids}}, ["example_id"], sort={"energy_above_hull": 1}
    )
    order = [one["example_id"].removeprefix(RELAXATIONS) for one in examples]
    found = {
        one.relaxation_id: one.to_pymatgen()
        for one in store.find(RelaxationDocument, {"relaxation_id": {"$in": order}})
    }
    return [crystal for key in order if (crystal := found.get(key)) is not None]


def holdout_of(store: DaoStore, name: str, level: str) -> list[LabelledStructure]:
    """The labels of a registered test set at a level.

    Raises:
        InputError: There is no such test set, or it has no labels at this level.
    """
    test_set = store.get(TestSetDocument, name)
    if test_set is None:
        raise InputError(
            f"no test set {name!r} is registered to judge models on; take one that is not to be "
            f"trained on into the store, then: dao store test-set {name} FILE"
        )
    criteria = {"structure_id": {"$in": test_set.structure_ids}, "level": level}
    labels = _labelled(store.find(LabelDocument, criteria, sort={"label_id": 1}))
    if not labels:
        raise InputError(
            f"test set {name!r} has no energies at level {level!r}; ingest them with "
            f"`dao ingest FILE --level {level}`"
        )
    return labels


def replay_of(files: Iterable[str]) -> list[Structure]:
    """The crystals of record files."""
    crystals = read_crystals([Path(file) for file in files], REPLAYED_ATOMS).crystals
    return [
        Structure(one.lattice, one.atomic_numbers.tolist(), one.frac_coords) for one in crystals
    ]


def _labelled(documents: Iterable[LabelDocument]) -> list[LabelledStructure]:
    labels = []
    for document in documents:
        if document.energy_per_atom is None:
            continue
        crystal = document.to_pymatgen()
        n = len(crystal)
        unknown = np.full((n, 3), np.nan), np.full((3, 3), np.nan)
        forces = unknown[0] if document.forces is None else np.array(document.forces)
        stress = unknown[1] if document.stress is None else np.array(document.stress)
        energy = document.energy_per_atom * n
        labels.append(
            LabelledStructure(
                crystal, energy, forces, stress, document.level, document.label_id, document.source
            )
        )
    return labels
