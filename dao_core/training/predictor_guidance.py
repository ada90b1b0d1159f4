"""Training of the guidance energy: noisy crystals, exp-energy loss, on Lightning."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dao_core.checkpoints.format import save_checkpoint
from dao_core.crysformer.config import named_config
from dao_core.errors import InputError
from dao_core.generator.log_stretch import log_stretch
from dao_core.predictor.exp_energy import exp_energy_loss
from dao_core.predictor.guidance import KIND, GuidanceEnergy
from dao_core.training.predictor_labels import EnergyLabels, LabelSet
from dao_core.training.run import (
    RunSettings,
    batch_random,
    claim_folder,
    fit,
    new_trainer,
    scheduled,
)
from dao_core.training.size_batches import BatchLoader, SizeBatchSampler

FILE = "dao-p-guidance.safetensors"
HIGHEST = 1.0
"""eV/atom above the parent; what lies higher is equally bad."""
COMPARABLE = ("as is", "perturbed", "rescaled", "redecorated", "scrambled")
"""Changes that keep the composition, so that energies above the parent mean something."""


@dataclass(frozen=True)
class GuidanceTraining(RunSettings):
    """Settings of one training run, those of :class:`dao_core.training.run.RunSettings`."""

    steps: int = 6000
    atoms_per_batch: int = 512
    learning_rate: float = 5e-4
    warmup: int = 600


class GuidanceModule(lightning.LightningModule):
    """A guidance energy with its loss and optimiser."""

    targets: Tensor

    def __init__(self, settings: GuidanceTraining, targets: NDArray[np.float64]) -> None:
        super().__init__()
        self.settings = settings
        self.guidance = GuidanceEnergy(named_config(settings.size))
        self.guidance.trained.fill_(1.0)
        self.register_buffer("targets", torch.from_numpy(targets).float(), persistent=False)

    def training_step(self, labels: EnergyLabels, index: int) -> Tensor:
        """Exp-energy loss at a random time of each crystal's path."""
        batch = labels.crystals
        random = batch_random(self, self.settings.seed, index)
        shape, dtype = (len(batch),), batch.lattice.dtype
        t = torch.rand(shape, generator=random, device=random.device, dtype=dtype)
        noisy = self.guidance.noisy(batch, t, random)
        loss = exp_energy_loss(self.guidance(noisy, t), self.targets[labels.index])
        size = len(batch)
        self.log("exp_energy", loss, on_epoch=True, on_step=False, batch_size=size, sync_dist=True)
        return loss

    def configure_optimizers(self) -> Any:
        """AdamW under the shared schedule."""
        settings = self.settings
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return scheduled(self, optimizer, settings)


def energies_above_parent(labels: LabelSet) -> NDArray[np.float64]:
    """Energy above the unchanged parent, ``[S]`` eV/atom, at most :data:`HIGHEST`.

    NaN where the composition differs from the parent's or the parent has no label.
    """
    per_atom = labels.arrays["energy"] / labels.arrays["natoms"]
    done, sources = labels.arrays["done"], labels.arrays["source"]
    parents = {str(sources[i]): per_atom[i] for i in np.flatnonzero(done == "as is")}
    parent = np.array([parents.get(str(source), np.nan) for source in sources])
    above = np.where(np.isin(done, COMPARABLE), per_atom - parent, np.nan)
    return np.minimum(above, HIGHEST)


def train_guidance(labels_folder: Path, folder: Path, settings: GuidanceTraining) -> Path:
    """Train a guidance energy on teacher labels and write ``dao-p-guidance.safetensors``.

    Args:
        labels_folder: folder of teacher shards.
        folder: receives checkpoints, logs and the model.
        settings: see :class:`GuidanceTraining`.

    Raises:
        InputError: no labelled structure has a labelled parent.
    """
    lightning.seed_everything(settings.seed, verbose=False)
    labels = LabelSet(labels_folder)
    above = energies_above_parent(labels)
    usable = np.flatnonzero(np.isfinite(above))
    if not len(usable):
        raise InputError(f"{labels_folder}: no label has a labelled parent to be compared with")
    mean, std = float(above[usable].mean()), float(above[usable].std())
    module = GuidanceModule(settings, (above - mean) / std)
    _set_stretch_scale(module.guidance, labels, usable)
    claim_folder(folder, settings, {"manifest_hash": labels.manifest_hash()})
    trainer = new_trainer(folder, settings)
    model = folder / FILE
    if fit(trainer, module, folder, train_dataloaders=_loader(labels, usable, settings, trainer)):
        card = {
            "kind": KIND,
            "config": settings.size,
            "settings": asdict(settings),
            "manifest_hash": labels.manifest_hash(),
            "label": "energy above the parent, eV/atom",
            "label_mean": mean,
            "label_std": std,
        }
        save_checkpoint(model, module.guidance.state_dict(), card)
    return model


def _set_stretch_scale(
    guidance: GuidanceEnergy, labels: LabelSet, usable: NDArray[np.int64]
) -> None:
    natoms = torch.from_numpy(labels.arrays["natoms"][usable]).double()
    numbers = log_stretch(torch.from_numpy(labels.arrays["lattice"][usable]).double(), natoms)
    guidance.stretch_mean.copy_(numbers.mean(dim=0))
    guidance.stretch_std.copy_(numbers.std(dim=0))


def _loader(
    labels: LabelSet,
    usable: NDArray[np.int64],
    settings: GuidanceTraining,
    trainer: lightning.Trainer,
) -> BatchLoader:
    sampler = SizeBatchSampler(
        labels.arrays["natoms"][usable].tolist(),
        settings.atoms_per_batch,
        settings.seed,
        trainer.global_rank,
        trainer.world_size,
        settings.batches_per_step,
    )
    chosen = torch.utils.data.Subset(labels, usable.tolist())
    return BatchLoader(chosen, sampler, labels.collate)
