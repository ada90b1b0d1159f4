"""Training of DAO-G by flow matching, on Lightning."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader

from dao_core.checkpoints.format import save_checkpoint
from dao_core.crysformer.config import named_config
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.generate import KIND
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.records import Crystal, read_crystals
from dao_core.training.size_batches import CrystalDataset, SizeBatchSampler, collate


@dataclass(frozen=True)
class GeneratorTraining:
    """Settings of one training run.

    Attributes:
        size: named network configuration.
        steps: optimiser steps.
        atoms_per_batch: padded atoms per batch and process.
        learning_rate: peak of the cosine schedule.
        warmup: steps of linear warm-up.
        weight_decay: AdamW decay.
        ema_decay: decay of the averaged weights, which are the ones that ship.
        precision: Lightning precision, ``bf16-mixed`` or ``32-true``.
        max_atoms: larger crystals are left out; becomes the model's domain.
        seed: of initial weights, order and noise.
        checkpoint_minutes: a run that is killed loses at most this much.
    """

    size: str = "mini"
    steps: int = 12_000
    atoms_per_batch: int = 2048
    learning_rate: float = 1e-3
    warmup: int = 300
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    precision: str = "bf16-mixed"
    max_atoms: int = 20
    seed: int = 0
    checkpoint_minutes: float = 4.0


class GeneratorModule(lightning.LightningModule):
    """A velocity network with its loss, optimiser and schedule."""

    def __init__(self, settings: GeneratorTraining) -> None:
        super().__init__()
        self.settings = settings
        self.network = VelocityNetwork(named_config(settings.size))

    def training_step(self, batch: CrystalBatch, _index: int) -> Tensor:
        """Loss of one batch."""
        loss = flow_matching_loss(self.network, batch)
        parts = {"coordinates": loss.coordinates, "lattice": loss.lattice}
        self.log_dict(parts, on_epoch=True, on_step=False, batch_size=len(batch), sync_dist=True)
        return loss.total

    def validation_step(self, batch: CrystalBatch, index: int) -> None:
        """Losses on held-out crystals with noise that is the same at each validation."""
        random = torch.Generator(device=batch.lattice.device).manual_seed(index)
        loss = flow_matching_loss(self.network, batch, random)
        parts = {"val_coordinates": loss.coordinates, "val_lattice": loss.lattice}
        self.log_dict(parts, batch_size=len(batch), sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW with linear warm-up and a cosine to zero."""
        settings = self.settings
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )

        def factor(step: int) -> float:
            if step < settings.warmup:
                return (step + 1) / settings.warmup
            progress = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
            return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def manifest_hash(crystals: Sequence[Crystal]) -> str:
    """Hash of the sorted ids of a set of crystals: the name of a training split."""
    ids = "\n".join(sorted(crystal.material_id for crystal in crystals))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def stretch_statistics(crystals: Sequence[Crystal]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation ``[6]`` of the log-stretch over a training set.

    The deviation is at least 0.01, so that a set of cubes alone does not divide by zero.
    """
    lattice = torch.stack([torch.from_numpy(crystal.lattice) for crystal in crystals])
    natoms = torch.tensor([len(crystal.atomic_numbers) for crystal in crystals]).double()
    numbers = log_stretch(lattice, natoms)
    return numbers.mean(dim=0).float(), numbers.std(dim=0).clamp_min(0.01).float()


def train_generator(
    train_files: Sequence[Path],
    validation_files: Sequence[Path],
    folder: Path,
    settings: GeneratorTraining,
) -> Path:
    """Train, or go on from the last checkpoint in ``folder``, and write ``dao-g.safetensors``.

    Args:
        train_files: record files to learn from.
        validation_files: record files on which the loss is watched.
        folder: receives checkpoints, ``metrics.csv`` and the model.
        settings: see :class:`GeneratorTraining`.

    Returns:
        The path of the model file (averaged weights).
    """
    lightning.seed_everything(settings.seed, verbose=False)
    train = read_crystals(train_files, settings.max_atoms)
    validation = read_crystals(validation_files, settings.max_atoms)
    module = GeneratorModule(settings)
    mean, std = stretch_statistics(train.crystals)
    module.network.stretch_mean.copy_(mean)
    module.network.stretch_std.copy_(std)
    trainer = _trainer(folder, settings)
    last = folder / "last.ckpt"
    trainer.fit(
        module,
        _loader(train.crystals, settings, trainer),
        _loader(validation.crystals, settings, trainer),
        ckpt_path=last if last.is_file() else None,
        weights_only=False,
    )
    card = {
        "kind": KIND,
        "config": settings.size,
        "max_atoms": settings.max_atoms,
        "settings": asdict(settings),
        "manifest_hash": manifest_hash(train.crystals),
        "train_crystals": len(train.crystals),
        "train_rejected": dict(train.rejected),
        "train_files": [path.name for path in train_files],
    }
    model = folder / "dao-g.safetensors"
    save_checkpoint(model, module.network.state_dict(), card)
    return model


def _trainer(folder: Path, settings: GeneratorTraining) -> lightning.Trainer:
    checkpoints = ModelCheckpoint(
        folder,
        filename="step",
        save_last=True,
        train_time_interval=timedelta(minutes=settings.checkpoint_minutes),
        enable_version_counter=False,
    )
    return lightning.Trainer(
        default_root_dir=folder,
        max_steps=settings.steps,
        precision=settings.precision,  # type: ignore[arg-type]
        gradient_clip_val=0.5,
        callbacks=[EMAWeightAveraging(decay=settings.ema_decay), checkpoints],
        logger=CSVLogger(folder, name="", version=""),
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=5,
        log_every_n_steps=50,
    )


def _loader(
    crystals: Sequence[Crystal], settings: GeneratorTraining, trainer: lightning.Trainer
) -> DataLoader[Any]:
    sampler = SizeBatchSampler(
        [len(crystal.atomic_numbers) for crystal in crystals],
        settings.atoms_per_batch,
        settings.seed,
        trainer.global_rank,
        trainer.world_size,
    )
    return DataLoader(CrystalDataset(crystals), batch_sampler=sampler, collate_fn=collate)
