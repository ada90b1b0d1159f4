"""Training of the guidance energy: noisy crystals, exp-energy loss, on Lightning."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging
from lightning.pytorch.loggers import CSVLogger
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from dao_core.checkpoints.format import save_checkpoint
from dao_core.crysformer.config import named_config
from dao_core.errors import InputError
from dao_core.generator.log_stretch import log_stretch
from dao_core.predictor.exp_energy import exp_energy_loss
from dao_core.predictor.guidance import KIND, GuidanceEnergy
from dao_core.training.predictor_labels import EnergyLabels, LabelSet
from dao_core.training.size_batches import SizeBatchSampler

HIGHEST = 1.0
"""eV/atom above the parent; what lies higher is equally bad."""
COMPARABLE = ("as is", "perturbed", "rescaled", "redecorated", "scrambled")
"""Changes that keep the composition, so that energies above the parent mean something."""


@dataclass(frozen=True)
class GuidanceTraining:
    """Settings of one training run.

    Attributes:
        size: named Crysformer configuration.
        steps: optimiser steps.
        atoms_per_batch: padded atoms per batch.
        learning_rate: peak of the one-cycle schedule.
        ema_decay: decay of the averaged weights, which are the ones that are written.
        seed: of weights, order and noise.
    """

    size: str = "mini"
    steps: int = 6000
    atoms_per_batch: int = 512
    learning_rate: float = 5e-4
    ema_decay: float = 0.999
    seed: int = 0


class GuidanceModule(lightning.LightningModule):
    """A guidance energy with its loss and optimiser."""

    targets: Tensor

    def __init__(self, settings: GuidanceTraining, targets: NDArray[np.float64]) -> None:
        super().__init__()
        self.settings = settings
        self.guidance = GuidanceEnergy(named_config(settings.size))
        self.guidance.trained.fill_(1.0)
        self.register_buffer("targets", torch.from_numpy(targets).float(), persistent=False)
        self.noise = torch.Generator().manual_seed(settings.seed)

    def training_step(self, labels: EnergyLabels, _index: int) -> Tensor:
        """Exp-energy loss at a random time of each crystal's path."""
        batch = labels.crystals
        t = torch.rand(len(batch), generator=self.noise, dtype=batch.lattice.dtype)
        noisy = self.guidance.noisy(batch, t, self.noise)
        loss = exp_energy_loss(self.guidance(noisy, t), self.targets[labels.index])
        self.log("exp_energy", loss, on_epoch=True, on_step=False, batch_size=len(batch))
        return loss

    def configure_optimizers(self) -> Any:
        """AdamW with a one-cycle schedule."""
        settings = self.settings
        optimizer = torch.optim.AdamW(self.parameters(), lr=settings.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, settings.steps, pct_start=0.1
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


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
        folder: receives ``metrics.csv`` and the model.
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
    trainer = lightning.Trainer(
        default_root_dir=folder,
        max_steps=settings.steps,
        gradient_clip_val=1.0,
        callbacks=[EMAWeightAveraging(decay=settings.ema_decay)],
        logger=CSVLogger(folder, name="", version=""),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    trainer.fit(module, _loader(labels, usable, settings))
    model = folder / "dao-p-guidance.safetensors"
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
    labels: LabelSet, usable: NDArray[np.int64], settings: GuidanceTraining
) -> DataLoader[Any]:
    sampler = SizeBatchSampler(
        labels.arrays["natoms"][usable].tolist(), settings.atoms_per_batch, settings.seed
    )
    chosen = torch.utils.data.Subset(labels, usable.tolist())
    return DataLoader(chosen, batch_sampler=sampler, collate_fn=labels.collate)
