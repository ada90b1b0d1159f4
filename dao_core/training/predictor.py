"""Training of the physical DAO-P on teacher labels and formation energies, on Lightning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch

from dao_core.checkpoints.format import checkpoint_hash, save_checkpoint
from dao_core.predictor.checkpoint import KIND, load_energy_model
from dao_core.training.predictor_doubt import fit_doubt
from dao_core.training.predictor_labels import LabelSet, fit_references, read_clean_crystals
from dao_core.training.predictor_module import PredictorModule
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.run import claim_folder, fit, new_trainer
from dao_core.training.size_batches import BatchLoader, SizeBatchSampler
from dao_core.training.teacher_shards import dropped_counts

FILE = "dao-p.safetensors"


@dataclass(frozen=True)
class PredictorSources:
    """Where the labels are.

    Attributes:
        labels: folder of teacher shards to learn from.
        validation_labels: folder of teacher shards on which the errors are watched.
        doubt_labels: folder of teacher shards that take no part in training: the uncertainty is
            fitted on them and calibrated on ``validation_labels``.
        records: record files whose formation energies are learned beside the labels.
    """

    labels: Path
    validation_labels: Path
    doubt_labels: Path
    records: Sequence[Path] = ()


class PredictorData(lightning.LightningDataModule):
    """Label sets that are read anew at each epoch, so that labelling may go on meanwhile."""

    def __init__(self, sources: PredictorSources, settings: PredictorTraining) -> None:
        super().__init__()
        self.sources = sources
        self.settings = settings
        self.clean = read_clean_crystals(sources.records, settings.max_atoms)
        self.train = LabelSet(sources.labels, self.clean)
        self.reference, self.elemental = fit_references(self.train)

    def train_dataloader(self) -> BatchLoader:
        """All shards that exist now, in a new order."""
        self.train = LabelSet(self.sources.labels, self.clean)
        self.train.use_formation_energies(self.elemental)
        ranks = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        return self._loader(self.train, ranks, self.settings.batches_per_step)

    def val_dataloader(self) -> BatchLoader:
        """Held-out teacher labels, whole in every process."""
        return self._loader(LabelSet(self.sources.validation_labels))

    def _loader(
        self, labels: LabelSet, ranks: tuple[int, int] = (0, 1), multiple: int = 1
    ) -> BatchLoader:
        settings = self.settings
        sampler = SizeBatchSampler(
            labels.arrays["natoms"].tolist(),
            settings.atoms_per_batch,
            settings.seed,
            *ranks,
            multiple,
        )
        return BatchLoader(labels, sampler, labels.collate)


def train_predictor(
    sources: PredictorSources,
    folder: Path,
    settings: PredictorTraining,
    start: Path | None = None,
) -> Path:
    """Train, or go on from the last checkpoint in ``folder``, and write ``dao-p.safetensors``.

    Args:
        sources: labels and records.
        folder: receives checkpoints, logs and the model.
        settings: see :class:`PredictorTraining`.
        start: model file to go on from (fine-tuning); it keeps its references.

    Returns:
        The path of the model file (averaged weights).
    """
    lightning.seed_everything(settings.seed, verbose=False)
    data = PredictorData(sources, settings)
    module = PredictorModule(settings)
    if start is not None:
        started = load_energy_model(start).model
        module.model.load_state_dict(started.state_dict())
        data.elemental = started.elemental_energy.double().numpy()
    else:
        module.model.reference.copy_(torch.from_numpy(data.reference))
        module.model.elemental_energy.copy_(torch.from_numpy(data.elemental))
    claim_folder(folder, settings, {"start": checkpoint_hash(start) if start else None})
    trainer = new_trainer(folder, settings, reload_dataloaders_every_n_epochs=1)
    model = folder / FILE
    if fit(trainer, module, folder, datamodule=data):
        unseen = LabelSet(sources.doubt_labels)
        fit_doubt(module.model, unseen, LabelSet(sources.validation_labels))
        save_checkpoint(model, module.model.state_dict(), model_card(data, settings))
    return model


def model_card(data: PredictorData, settings: PredictorTraining) -> dict[str, Any]:
    """What a model file says of the labels and settings that made it."""
    labels = data.train
    elements = np.unique(labels.arrays["atomic_numbers"])
    return {
        "kind": KIND,
        "config": settings.size,
        "settings": asdict(settings),
        "manifest_hash": labels.manifest_hash(),
        "labels": len(labels),
        "labels_dropped": dropped_counts(data.sources.labels),
        "label_levels": sorted({str(level) for level in np.unique(labels.arrays["level"])}),
        "formation_energies": int(np.isfinite(labels.formation).sum()),
        "record_files": [path.name for path in data.sources.records],
        "elements": [int(z) for z in elements],
        "max_atoms": int(labels.arrays["natoms"].max()),
    }
