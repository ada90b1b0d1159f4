"""One round of DAO-P: fine-tuned on new labels, with replay, anchored to what it was."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning
import numpy as np
from pymatgen.core import Structure
from torch import Tensor
from torch.utils.data import DataLoader

from dao_core.checkpoints.format import save_checkpoint
from dao_core.errors import InputError
from dao_core.predictor.checkpoint import LoadedPredictor, load_energy_model
from dao_core.predictor.potential import PredictorPotential
from dao_core.training.predictor_labels import EnergyLabels, LabelSet
from dao_core.training.predictor_module import PredictorModule
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.retraining_anchor import Anchor
from dao_core.training.retraining_data import on_scale, predictions, reference_shift
from dao_core.training.retraining_fit import fit
from dao_core.training.retraining_replay import (
    prototype_crystals,
    replay_count,
    without_labelled,
)
from dao_core.training.retraining_settings import PREDICTOR_RETRAINING, Retraining
from dao_core.training.size_batches import SizeBatchSampler
from dao_core.training.teacher import PlannedLabel, TeacherPlan, label_shard
from dao_core.training.teacher_shards import LabelledStructure, write_shard
from dao_core.training.teacher_variants import random_variant


class AnchoredPredictor(PredictorModule):
    """DAO-P that starts from a model and is pulled back to it."""

    def __init__(self, loaded: LoadedPredictor, settings: Retraining) -> None:
        size = loaded.card["config"]
        super().__init__(
            PredictorTraining(
                size=size,
                steps=settings.steps,
                learning_rate=settings.learning_rate,
                warmup=settings.warmup,
                weight_decay=0.0,
            )
        )
        self.model.load_state_dict(loaded.model.state_dict())
        self.anchor = Anchor(self.model, settings.anchor)

    def training_step(self, labels: EnergyLabels, index: int) -> Tensor:
        """Loss of one batch, and the pull to the start."""
        return super().training_step(labels, index) + self.anchor.loss(self.model)


def retrain_predictor(
    start: str | Path,
    labels: Sequence[LabelledStructure],
    replay: Sequence[Structure],
    target: Path,
    settings: Retraining = PREDICTOR_RETRAINING,
) -> Path:
    """Fine-tune DAO-P on labels and write the model file.

    Labels of a level that the model was not trained on are first brought to its scale
    (:func:`reference_shift`). The replay keeps it where it was: known crystals and random variants
    of them with the energies, forces and stresses of the model before this round.

    Args:
        start: name or file of the model to go on from.
        labels: new and old labels, all at one level.
        replay: known crystals, of which those with a label are left out; where none is left,
            prototypes of random compositions stand for them.
        target: the model file to write.
        settings: see :class:`Retraining`.

    Raises:
        InputError: there is no label.
    """
    if not labels:
        raise InputError("there is no label to retrain DAO-P on; validate candidates first")
    lightning.seed_everything(settings.seed, verbose=False)
    loaded = load_energy_model(start)
    before = PredictorPotential(loaded)
    scaled = labels_on_scale(before, labels)
    with tempfile.TemporaryDirectory(prefix="dao-labels-") as name:
        folder = Path(name)
        write_shard(folder / "labels-new.npz", scaled, {})
        known = without_labelled(replay, [one.structure for one in labels])
        _write_replay(folder / "labels-replay.npz", known, before, len(labels), settings)
        data = LabelSet(folder)
    module = AnchoredPredictor(loaded, settings)
    sizes = data.arrays["natoms"].tolist()
    sampler = SizeBatchSampler(sizes, settings.atoms_per_batch, settings.seed)
    fit(module, DataLoader(data, batch_sampler=sampler, collate_fn=data.collate), settings)
    save_checkpoint(target, module.model.state_dict(), _card(loaded, labels, data, settings))
    return target


def labels_on_scale(
    potential: PredictorPotential, labels: Sequence[LabelledStructure]
) -> list[LabelledStructure]:
    """Labels on the energy scale of a model: foreign levels shifted, its own left as they are."""
    foreign = [one for one in labels if one.level not in potential.card.get("label_levels", ())]
    if not foreign:
        return list(labels)
    own = [one for one in labels if one.level in potential.card.get("label_levels", ())]
    shift = reference_shift(foreign, predictions(potential, foreign).energy)
    return [*own, *on_scale(foreign, shift)]


def _write_replay(
    shard: Path,
    replay: Sequence[Structure],
    teacher: PredictorPotential,
    new: int,
    settings: Retraining,
) -> None:
    """Label known crystals, or else prototypes, and variants of them with the model as it is."""
    count = replay_count(new, settings.replay)
    replay = replay or prototype_crystals(teacher.card.get("elements", ()), count, settings.seed)
    if not replay or not count:
        return
    rng = np.random.default_rng(settings.seed)
    planned = []
    for number, index in enumerate(rng.choice(len(replay), size=count)):
        crystal, done = replay[index], "as is"
        if number % 2:
            crystal, done = random_variant(crystal, rng)
        planned.append(PlannedLabel(f"replay:{number}", crystal, done))
    largest = max(len(crystal) for crystal in replay)
    label_shard(shard, planned, TeacherPlan((), largest=largest), teacher)


def _card(
    loaded: LoadedPredictor,
    labels: Sequence[LabelledStructure],
    data: LabelSet,
    settings: Retraining,
) -> dict[str, Any]:
    """The card of the parent, with this round added; the uncertainty is still the parent's."""
    levels = sorted({label.level for label in labels})
    return {
        **loaded.card,
        "parent": loaded.checkpoint_hash,
        "manifest_hash": data.manifest_hash(),
        "round": int(loaded.card.get("round", 0)) + 1,
        "retrained_on": {
            "labels": len(labels),
            "levels": levels,
            "replayed": len(data) - len(labels),
        },
        "retraining": asdict(settings),
        "doubt": f"fitted for {loaded.card.get('doubt_of', loaded.checkpoint_hash)}",
        "doubt_of": loaded.card.get("doubt_of", loaded.checkpoint_hash),
    }
