"""Training of DAO-G by flow matching, on Lightning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import lightning
import torch
from torch import Tensor

from dao_core.crysformer.config import named_config
from dao_core.errors import InputError
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.model_file import load_flow_model, save_flow_model
from dao_core.generator.symmetric_noise import SymmetricNoise
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.generator_batches import (
    SymmetricBatch,
    SymmetricDataset,
    collate_symmetric,
)
from dao_core.training.muon import MuonAdamW
from dao_core.training.prototype_memory import remembered
from dao_core.training.records import Crystal, RecordReading, manifest_hash, read_crystals
from dao_core.training.run import (
    RunSettings,
    batch_random,
    claim_folder,
    fit,
    new_trainer,
    scheduled,
)
from dao_core.training.size_batches import BatchLoader, SizeBatchSampler

FILE = "dao-g.safetensors"


@dataclass(frozen=True)
class GeneratorTraining(RunSettings):
    """Settings of one training run; see also :class:`dao_core.training.run.RunSettings`.

    Attributes:
        optimizer: ``muon`` for the matrices of the blocks, or ``adamw`` for all; what each is
            worth stands in benchmarks/experiments.md. Their best learning rates differ.
        max_atoms: larger crystals are left out; becomes the model's domain.
        symmetric_share: share of the crystals whose noise keeps their space group: for held orbits;
            what it is given, free noise lacks (benchmarks/experiments.md).
        metric_steps: optimiser steps of the metric between compositions, which chooses prototypes.
    """

    gradient_clip: ClassVar[float] = 0.5

    learning_rate: float = 3e-3
    precision: Literal["32-true", "bf16-mixed"] = "bf16-mixed"
    optimizer: Literal["muon", "adamw"] = "muon"
    max_atoms: int = 20
    symmetric_share: float = 0.0
    metric_steps: int = 4000


@dataclass(frozen=True)
class GeneratorSources:
    """What a generator learns from.

    Attributes:
        train: record files.
        validation: record files on which the loss is watched.
        stage: 1 on stable and unstable crystals as they are; 2 goes on from ``start`` on crystals
            that DAO-P relaxed (:mod:`dao_core.training.relaxed_records`).
        start: model file to go on from; a second stage needs it.
    """

    train: Sequence[Path]
    validation: Sequence[Path]
    stage: int = 1
    start: Path | None = None


class GeneratorModule(lightning.LightningModule):
    """A velocity network with its loss, optimiser and schedule."""

    def __init__(self, settings: GeneratorTraining) -> None:
        super().__init__()
        self.settings = settings
        self.network = VelocityNetwork(named_config(settings.size))

    def training_step(self, batch: SymmetricBatch, index: int) -> Tensor:
        """Loss of one batch."""
        random = batch_random(self, self.settings.seed, index)
        symmetric = None
        if self.settings.symmetric_share:
            draws = torch.rand(len(batch), generator=random, device=random.device)
            symmetric = batch.symmetric.only(draws < self.settings.symmetric_share)
        loss = flow_matching_loss(self.network, batch.crystals, random, symmetric)
        parts = {"coordinates": loss.coordinates, "lattice": loss.lattice}
        self.log_dict(parts, on_epoch=True, on_step=False, batch_size=len(batch), sync_dist=True)
        return loss.total

    def validation_step(self, batch: SymmetricBatch, index: int) -> None:
        """Losses on held-out crystals with noise that is the same at each validation."""
        kinds: dict[str, SymmetricNoise | None] = {"val": None}
        if self.settings.symmetric_share:
            kinds["val_symmetric"] = batch.symmetric
        for name, symmetric in kinds.items():
            random = torch.Generator(device=batch.crystals.lattice.device).manual_seed(index)
            loss = flow_matching_loss(self.network, batch.crystals, random, symmetric)
            parts = {f"{name}_coordinates": loss.coordinates, f"{name}_lattice": loss.lattice}
            self.log_dict(parts, batch_size=len(batch), sync_dist=True)

    def configure_optimizers(self) -> Any:
        """Muon and AdamW, or AdamW alone, under the shared schedule."""
        settings = self.settings
        optimizer: torch.optim.Optimizer
        if settings.optimizer == "muon":
            optimizer = MuonAdamW(self.network, settings.learning_rate, settings.weight_decay)
        else:
            optimizer = torch.optim.AdamW(
                self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
            )
        return scheduled(self, optimizer, settings)


def stretch_statistics(crystals: Sequence[Crystal]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation ``[6]`` of the log-stretch over a training set.

    The deviation is at least 0.01, so that a set of cubes alone does not divide by zero.
    """
    lattice = torch.stack([torch.from_numpy(crystal.lattice) for crystal in crystals])
    natoms = torch.tensor([len(crystal.atomic_numbers) for crystal in crystals]).double()
    numbers = log_stretch(lattice, natoms)
    return numbers.mean(dim=0).float(), numbers.std(dim=0).clamp_min(0.01).float()


def train_generator(sources: GeneratorSources, folder: Path, settings: GeneratorTraining) -> Path:
    """Train, or go on from the last checkpoint in ``folder``, and write ``dao-g.safetensors``.

    Args:
        sources: what to learn from.
        folder: receives checkpoints, logs and the model.
        settings: see :class:`GeneratorTraining`.

    Returns:
        The path of the model file (averaged weights).

    Raises:
        InputError: no crystal can be used, the folder holds another run, or a second stage lacks
            its first or is given crystals that were never relaxed.
    """
    lightning.seed_everything(settings.seed, verbose=False)
    train = read_crystals(sources.train, settings.max_atoms)
    validation = read_crystals(sources.validation, settings.max_atoms)
    check_sources(sources, train, validation)
    module = GeneratorModule(settings)
    started = _start(module, sources, train)
    manifest = manifest_hash(train.crystals)
    identity = {"optimizer": settings.optimizer, "manifest_hash": manifest, "start": started}
    claim_folder(folder, settings, {"stage": sources.stage, **identity})
    trainer = new_trainer(folder, settings, check_val_every_n_epoch=5)
    loaders = {
        "train_dataloaders": _loader(
            train.crystals,
            settings,
            (trainer.global_rank, trainer.world_size),
            settings.batches_per_step,
        ),
        "val_dataloaders": _loader(validation.crystals, settings),  # whole in every process
    }
    model = folder / FILE
    if fit(trainer, module, folder, **loaders):
        card = {
            "config": settings.size,
            "max_atoms": settings.max_atoms,
            "settings": asdict(settings),
            "stage": sources.stage,
            "start": started,
            "manifest_hash": manifest,
            "train_crystals": len(train.crystals),
            "train_rejected": dict(train.rejected),
            "train_files": [path.name for path in sources.train],
        }
        prior = remembered(train.crystals, settings.metric_steps, settings.seed)
        save_flow_model(model, module.network, prior, card)
    return model


def check_sources(
    sources: GeneratorSources, train: RecordReading, validation: RecordReading
) -> None:
    """Check that there are crystals, and that a second stage has a first and relaxed ones.

    Raises:
        InputError: it is not so.
    """
    for name, reading in (("training", train), ("validation", validation)):
        if not reading.crystals:
            raise InputError(f"no usable {name} crystal; left out: {dict(reading.rejected)}")
    if sources.stage == 2:
        if sources.start is None:
            raise InputError("stage 2 goes on from a model of stage 1: name it (start)")
        if not all("done" in crystal.labels for crystal in train.crystals):
            raise InputError(
                "stage 2 learns from relaxed crystals, and some of these do not say what was done "
                "to them: make them with `dao train relax`"
            )


def _start(module: GeneratorModule, sources: GeneratorSources, train: RecordReading) -> str | None:
    """Take the weights of an earlier model, or the scale of the data; the earlier one's hash."""
    network = module.network
    if sources.start is None:
        mean, std = stretch_statistics(train.crystals)
        network.stretch_mean.copy_(mean)
        network.stretch_std.copy_(std)
        return None
    model = load_flow_model(sources.start)
    earlier = model.network
    if earlier.config != network.config:
        raise InputError(
            f"{sources.start} is not of size {module.settings.size!r}; train in its own size"
        )
    network.load_state_dict(earlier.state_dict())
    return model.checkpoint_hash


def _loader(
    crystals: Sequence[Crystal],
    settings: GeneratorTraining,
    ranks: tuple[int, int] = (0, 1),
    multiple: int = 1,
) -> BatchLoader:
    sampler = SizeBatchSampler(
        [len(crystal.atomic_numbers) for crystal in crystals],
        settings.atoms_per_batch,
        settings.seed,
        *ranks,
        multiple,
    )
    return BatchLoader(
        SymmetricDataset(crystals, symmetric=settings.symmetric_share > 0),
        sampler,
        collate_symmetric,
    )
