"""Training of DAO-G as published: the published network, diffusion; imported weights go on here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import lightning
import torch
from torch import Tensor

from dao_core.checkpoints.format import checkpoint_hash, save_checkpoint
from dao_core.crysformer.published.config import named_config
from dao_core.crysformer.published.model_file import (
    KIND,
    NETWORK_PREFIX,
    SCORE_NORM,
    load_published,
)
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError
from dao_core.generator.diffusion_loss import DiffusionLoss, diffusion_loss
from dao_core.generator.diffusion_schedule import DiffusionSchedule, diffusion_schedule
from dao_core.training.generator import FILE, GeneratorSources, check_sources
from dao_core.training.records import Crystal, manifest_hash, read_crystals
from dao_core.training.run import (
    RunSettings,
    batch_random,
    claim_folder,
    fit,
    new_trainer,
    scheduled,
)
from dao_core.training.size_batches import BatchLoader, CrystalDataset, SizeBatchSampler, collate


@dataclass(frozen=True)
class DiffusionTraining(RunSettings):
    """Settings of one training run; see also :class:`dao_core.training.run.RunSettings`.

    The defaults are the published ones where they do not depend on the size of the machine.

    Attributes:
        size: named configuration of :mod:`dao_core.crysformer.published.config`.
        max_atoms: larger crystals are left out; becomes the model's domain.
    """

    gradient_clip: ClassVar[float] = 0.5

    size: str = "base"
    learning_rate: float = 3e-4
    weight_decay: float = 0.0
    max_atoms: int = 30


class DiffusionModule(lightning.LightningModule):
    """The published network with the diffusion loss, its optimiser and schedule."""

    def __init__(
        self, settings: DiffusionTraining, network: PublishedCrysformer, schedule: DiffusionSchedule
    ) -> None:
        super().__init__()
        self.settings, self.network, self.schedule = settings, network, schedule
        network.requires_grad_(requires_grad=True).train()
        for unused in (network.energy_head, network.element_head):
            unused.requires_grad_(requires_grad=False)

    def loss(self, batch: CrystalBatch, random: torch.Generator) -> DiffusionLoss:
        """Losses of a batch at random steps drawn from ``random``."""
        return diffusion_loss(self.network, batch, self.schedule.to(random.device), random)

    def training_step(self, batch: CrystalBatch, index: int) -> Tensor:
        """Loss of one batch."""
        loss = self.loss(batch, batch_random(self, self.settings.seed, index))
        parts = {"coordinates": loss.coordinates, "lattice": loss.lattice}
        self.log_dict(parts, on_epoch=True, on_step=False, batch_size=len(batch), sync_dist=True)
        return loss.total

    def validation_step(self, batch: CrystalBatch, index: int) -> None:
        """Losses on held-out crystals with noise that is the same at each validation."""
        loss = self.loss(batch, torch.Generator(device=batch.lattice.device).manual_seed(index))
        parts = {"val_coordinates": loss.coordinates, "val_lattice": loss.lattice}
        self.log_dict(parts, batch_size=len(batch), sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW (Adam, as published, where nothing decays) under the shared schedule."""
        settings = self.settings
        trained = [p for p in self.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return scheduled(self, optimizer, settings)


def train_diffusion(sources: GeneratorSources, folder: Path, settings: DiffusionTraining) -> Path:
    """Train, or go on from the last checkpoint in ``folder``, and write ``dao-g.safetensors``.

    Args:
        sources: what to learn from; ``start`` may be an imported checkpoint.
        folder: receives checkpoints, logs and the model.
        settings: see :class:`DiffusionTraining`.

    Returns:
        The path of the model file (averaged weights).

    Raises:
        InputError: no crystal can be used, the folder holds another run, ``start`` is of another
            size, or a second stage lacks its first or is given crystals that were never relaxed.
    """
    lightning.seed_everything(settings.seed, verbose=False)
    train = read_crystals(sources.train, settings.max_atoms)
    validation = read_crystals(sources.validation, settings.max_atoms)
    check_sources(sources, train, validation)
    network, schedule = _start(sources.start, settings)
    identity = {
        "process": network.process,
        "stage": sources.stage,
        "manifest_hash": manifest_hash(train.crystals),
        "start": None if sources.start is None else checkpoint_hash(sources.start),
    }
    claim_folder(folder, settings, identity)
    trainer = new_trainer(folder, settings, check_val_every_n_epoch=5)
    module = DiffusionModule(settings, network, schedule)
    loaders = {
        "train_dataloaders": _loader(train.crystals, settings, trainer),
        "val_dataloaders": _loader(validation.crystals, settings),  # whole in every process
    }
    model = folder / FILE
    if fit(trainer, module, folder, **loaders):
        weights = {f"{NETWORK_PREFIX}{k}": v for k, v in module.network.state_dict().items()}
        card = {
            "kind": KIND,
            "config": asdict(network.config),
            "role": "generator",
            "source": "dao train generator",
            "max_atoms": settings.max_atoms,
            "settings": asdict(settings),
            **identity,
            "train_crystals": len(train.crystals),
            "train_rejected": dict(train.rejected),
            "train_files": [path.name for path in sources.train],
        }
        save_checkpoint(model, {**weights, SCORE_NORM: schedule.score_norm}, card)
    return model


def _start(
    start: Path | None, settings: DiffusionTraining
) -> tuple[PublishedCrysformer, DiffusionSchedule]:
    """A new network, or that of an earlier model with the noise norms it was trained with."""
    config = named_config(settings.size)
    if start is None:
        return PublishedCrysformer(config), diffusion_schedule()
    earlier = load_published(start)
    if earlier.network.config != config:
        raise InputError(f"{start} is not of size {settings.size!r}; train in its own size")
    return earlier.network, diffusion_schedule(score_norm=earlier.score_norm)


def _loader(
    crystals: Sequence[Crystal],
    settings: DiffusionTraining,
    trainer: lightning.Trainer | None = None,
) -> BatchLoader:
    """Batches of this process of ``trainer``, or all of them."""
    ranks = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
    sampler = SizeBatchSampler(
        [len(crystal.atomic_numbers) for crystal in crystals],
        settings.atoms_per_batch,
        settings.seed,
        *ranks,
        settings.batches_per_step if trainer else 1,
    )
    return BatchLoader(CrystalDataset(crystals), sampler, collate)
