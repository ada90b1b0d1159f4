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
from dao_core.crystal.batch import CrystalBatch
from dao_core.predictor.exp_energy import exp_energy_loss
from dao_core.predictor.guidance import KIND, GuidanceEnergy
from dao_core.training.generator import stretch_statistics
from dao_core.training.guidance_examples import GuidanceExamples, GuidanceSources
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


@dataclass(frozen=True)
class GuidanceTraining(RunSettings):
    """Settings of one training run; see also :class:`dao_core.training.run.RunSettings`.

    Attributes:
        max_atoms: larger crystals of record files are left out.
    """

    steps: int = 6000
    atoms_per_batch: int = 512
    learning_rate: float = 5e-4
    warmup: int = 600
    max_atoms: int = 20


class GuidanceModule(lightning.LightningModule):
    """A guidance energy with its loss and optimiser."""

    targets: Tensor

    def __init__(self, settings: GuidanceTraining, targets: NDArray[np.float64]) -> None:
        super().__init__()
        self.settings = settings
        self.guidance = GuidanceEnergy(named_config(settings.size))
        self.guidance.trained.fill_(1.0)
        self.register_buffer("targets", torch.from_numpy(targets).float(), persistent=False)

    def training_step(self, examples: tuple[CrystalBatch, Tensor], index: int) -> Tensor:
        """Exp-energy loss at a random time of each crystal's path."""
        batch, rows = examples
        random = batch_random(self, self.settings.seed, index)
        shape, dtype = (len(batch),), batch.lattice.dtype
        t = torch.rand(shape, generator=random, device=random.device, dtype=dtype)
        noisy = self.guidance.noisy(batch, t, random)
        loss = exp_energy_loss(self.guidance(noisy, t), self.targets[rows])
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


def train_guidance(sources: GuidanceSources, folder: Path, settings: GuidanceTraining) -> Path:
    """Train a guidance energy and write ``dao-p-guidance.safetensors``.

    Args:
        sources: energies above the hull, above a parent, or both.
        folder: receives checkpoints, logs and the model.
        settings: see :class:`GuidanceTraining`.

    Raises:
        InputError: there are no crystals with different energies, or the folder holds another run.
    """
    lightning.seed_everything(settings.seed, verbose=False)
    examples = GuidanceExamples(sources, settings.max_atoms)
    mean, std = float(examples.energy.mean()), float(examples.energy.std())
    module = GuidanceModule(settings, (examples.energy - mean) / std)
    stretch_mean, stretch_std = stretch_statistics(examples.crystals)
    module.guidance.stretch_mean.copy_(stretch_mean)
    module.guidance.stretch_std.copy_(stretch_std)
    claim_folder(folder, settings, {"manifest_hash": examples.manifest_hash})
    trainer = new_trainer(folder, settings)
    model = folder / FILE
    if fit(trainer, module, folder, train_dataloaders=_loader(examples, settings, trainer)):
        card = {
            "kind": KIND,
            "config": settings.size,
            "settings": asdict(settings),
            "manifest_hash": examples.manifest_hash,
            "crystals": len(examples),
            "label": "energy above the hull or above the parent, eV/atom",
            "label_mean": mean,
            "label_std": std,
        }
        save_checkpoint(model, module.guidance.state_dict(), card)
    return model


def _loader(
    examples: GuidanceExamples, settings: GuidanceTraining, trainer: lightning.Trainer
) -> BatchLoader:
    sampler = SizeBatchSampler(
        [len(crystal.atomic_numbers) for crystal in examples.crystals],
        settings.atoms_per_batch,
        settings.seed,
        trainer.global_rank,
        trainer.world_size,
        settings.batches_per_step,
    )
    return BatchLoader(examples, sampler, examples.collate)
