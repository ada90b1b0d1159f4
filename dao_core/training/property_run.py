"""A property model from the labels of record files: five folds, averaged, judged where unseen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.devices import default_device
from dao_core.errors import InputError
from dao_core.predictor.checkpoint import load_energy_model
from dao_core.predictor.property_model import save_property_model
from dao_core.training.predictor_property import (
    PropertyTraining,
    fine_tune_property,
    predict_property,
)
from dao_core.training.records import Crystal, manifest_hash, read_crystals
from dao_core.training.teacher import parents_of

FILE = "dao-p-property.safetensors"
FOLDS = 5
"""As published. Formulas are not divided: all crystals of one are seen, or unseen."""


@dataclass(frozen=True)
class PropertySources:
    """What is learned.

    Attributes:
        records: record files.
        label: name of the label in their records, a number.
        logarithm: learn its natural logarithm; labels of zero and below are left out then.
        max_atoms: larger crystals are left out.
    """

    records: Sequence[Path]
    label: str
    logarithm: bool = False
    max_atoms: int = 64


def train_property(
    sources: PropertySources,
    backbone: Path,
    folder: Path,
    settings: PropertyTraining,
    on_fold: Callable[[], None] = lambda: None,
) -> Path:
    """Fine-tune a trained energy model to a property and write ``dao-p-property.safetensors``.

    Args:
        sources: see :class:`PropertySources`.
        backbone: model file of a physical DAO-P.
        folder: receives the model.
        settings: of each fold.
        on_fold: called after each fold.

    Returns:
        The model file; its card holds the errors on unseen formulas, of the model and of the mean
        of the labels.

    Raises:
        InputError: fewer than two formulas per fold have the label.
    """
    reading = read_crystals(sources.records, sources.max_atoms)
    crystals, values, rejected = _labelled(reading.crystals, sources)
    rejected += reading.rejected
    structures = [structure for _, structure in parents_of(crystals)]
    folds = folds_by_formula(structures, settings.seed)
    loaded = load_energy_model(backbone, default_device())
    predicted, mean = np.zeros(len(values)), np.zeros(len(values))
    members = []
    for unseen in folds:
        seen = np.setdiff1d(np.arange(len(values)), unseen)
        member = fine_tune_property(
            loaded.model, [structures[i] for i in seen], values[seen].tolist(), settings
        )
        predicted[unseen] = predict_property(member, [structures[i] for i in unseen])
        mean[unseen] = values[seen].mean()
        members.append(member)
        on_fold()
    card: dict[str, Any] = {
        "label": sources.label,
        "logarithm": sources.logarithm,
        "settings": {**asdict(settings), "size": loaded.card["config"]},
        "manifest_hash": manifest_hash(crystals),
        "backbone": loaded.checkpoint_hash,
        "crystals": len(crystals),
        "rejected": dict(rejected),
        "mae_unseen": float(np.abs(predicted - values).mean()),
        "mae_of_the_mean": float(np.abs(mean - values).mean()),
        "elements": sorted({int(z) for crystal in crystals for z in crystal.atomic_numbers}),
        "max_atoms": max(len(crystal.atomic_numbers) for crystal in crystals),
    }
    save_property_model(folder / FILE, members, loaded.card["config"], card)
    return folder / FILE


def folds_by_formula(structures: Sequence[Structure], seed: int) -> list[NDArray[np.int64]]:
    """Rows of each of :data:`FOLDS` folds, all crystals of one reduced formula in one.

    Raises:
        InputError: there are too few formulas.
    """
    formulas = np.array([structure.composition.reduced_formula for structure in structures])
    distinct = np.unique(formulas)
    if len(distinct) < 2 * FOLDS:
        raise InputError(
            f"{len(distinct)} formulas have the label; {FOLDS} folds need at least {2 * FOLDS}"
        )
    shuffled = np.random.default_rng(seed).permutation(distinct)
    return [np.flatnonzero(np.isin(formulas, shuffled[fold::FOLDS])) for fold in range(FOLDS)]


def _labelled(
    crystals: Sequence[Crystal], sources: PropertySources
) -> tuple[list[Crystal], NDArray[np.float64], Counter[str]]:
    """Crystals that have the label, its values, and why others were left out."""
    kept: list[Crystal] = []
    values: list[float] = []
    rejected: Counter[str] = Counter()
    for crystal in crystals:
        value = _number(crystal.labels.get(sources.label))
        if value is None:
            rejected[f"no number as {sources.label}"] += 1
        elif sources.logarithm and value <= 0:
            rejected["no logarithm"] += 1
        else:
            kept.append(crystal)
            values.append(math.log(value) if sources.logarithm else value)
    return kept, np.array(values), rejected


def _number(label: object) -> float | None:
    if isinstance(label, bool) or not isinstance(label, int | float) or not math.isfinite(label):
        return None
    return float(label)
