"""What every training run shares: settings, Lightning trainer, schedule, noise, going on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar, Timer
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

from dao_core.training.averaging import WarmAveraging
from dao_core.training.folder_identity import claim
from dao_core.training.schedule import rate_factor
from dao_core.units import SECONDS_PER_HOUR

LAST = "last.ckpt"
"""The checkpoint from which a run in its folder goes on."""


@dataclass(frozen=True)
class RunSettings:
    """What all training runs can be told.

    Attributes:
        size: named network configuration.
        steps: optimiser steps of the schedule: a constant rate, then linear to ``final_rate``.
        hours: wall-clock hours instead of steps: the schedule follows the clock and surely ends.
            What a run took before it was killed counts.
        atoms_per_batch: padded atoms per batch and process.
        accumulate: batches per process whose gradients make one step.
        learning_rate: peak of the schedule.
        warmup: steps of linear warm-up.
        weight_decay: decoupled decay.
        ema_decay: decay of the averaged weights, which are the ones that ship.
        precision: of Lightning; master weights are fp32 throughout.
        devices: processes with one device each; torchrun's number where torchrun started us.
        seed: of initial weights, order and noise.
        checkpoint_minutes: a run that is killed loses at most this much.
    """

    final_rate: ClassVar[float] = 0.0
    """Share of the learning rate at which the schedule ends."""
    gradient_clip: ClassVar[float] = 1.0
    unused_parameters: ClassVar[bool] = False
    """Whether the loss leaves out parameters, which DDP has to look for then."""

    size: str = "mini"
    steps: int = 12_000
    hours: float | None = None
    atoms_per_batch: int = 1024
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup: int = 300
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    devices: int = 1
    seed: int = 0
    checkpoint_minutes: float = 4.0

    @property
    def batches_per_step(self) -> int:
        """Batches of all processes that make one optimiser step."""
        return self.accumulate * world_size(self.devices)


def world_size(devices: int) -> int:
    """Processes that train together: torchrun's where it started this one, else ``devices``."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else devices


def is_first_process() -> bool:
    """Whether this process is the one that writes and speaks."""
    return int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))) == 0


def new_trainer(folder: Path, settings: RunSettings, **options: Any) -> lightning.Trainer:
    """A Lightning trainer for a run in ``folder``.

    Args:
        folder: receives ``last.ckpt`` and ``logs/version_*`` (CSV, and TensorBoard where it is
            installed), one version for each time the run was started.
        settings: of the run.
        options: further arguments of :class:`lightning.Trainer`.
    """
    processes = world_size(settings.devices)
    local = int(os.environ["LOCAL_WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else None
    checkpoints = ModelCheckpoint(
        folder,
        filename="step",
        save_last=True,
        train_time_interval=timedelta(minutes=settings.checkpoint_minutes),
        enable_version_counter=False,
    )
    on_terminal = sys.stderr.isatty()
    timed = settings.hours is not None
    duration = timedelta(hours=settings.hours) if settings.hours is not None else None
    return lightning.Trainer(
        default_root_dir=folder,
        max_steps=-1 if timed else settings.steps,
        max_epochs=-1,
        min_epochs=0,
        precision=settings.precision,
        devices=local or settings.devices,
        num_nodes=processes // (local or settings.devices),
        strategy=_strategy(settings) if processes > 1 else "auto",
        accumulate_grad_batches=settings.accumulate,
        gradient_clip_val=settings.gradient_clip,
        callbacks=[
            WarmAveraging(settings.ema_decay),
            checkpoints,
            Timer(duration, verbose=False),
            *([RichProgressBar(console_kwargs={"stderr": True})] if on_terminal else []),
        ],
        logger=_loggers(folder),
        enable_progress_bar=on_terminal,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        log_every_n_steps=50,
        **options,
    )


def _strategy(settings: RunSettings) -> str:
    return "ddp_find_unused_parameters_true" if settings.unused_parameters else "ddp"


def _loggers(folder: Path) -> list[Logger]:
    csv = CSVLogger(folder, name="logs")
    loggers: list[Logger] = [csv]
    if find_spec("tensorboard"):
        loggers.append(TensorBoardLogger(folder, name="logs", version=csv.version))
    return loggers


def fit(
    trainer: lightning.Trainer, module: lightning.LightningModule, folder: Path, **data: Any
) -> bool:
    """Train, or go on from the last checkpoint in ``folder``; whether this process writes files."""
    last = folder / LAST
    trainer.fit(module, ckpt_path=last if last.is_file() else None, weights_only=False, **data)
    return trainer.is_global_zero


def claim_folder(folder: Path, settings: RunSettings, identity: Mapping[str, Any]) -> None:
    """Say in ``folder/run.json`` which run lives there.

    Steps, hours, learning rate and devices may change from start to start; network and data not.

    Raises:
        InputError: the folder holds another run, or cannot be written.
    """
    whole = {"size": settings.size, "seed": settings.seed, **identity}
    claim(folder / "run.json", whole, "a training run")


def scheduled(
    module: lightning.LightningModule, optimizer: torch.optim.Optimizer, settings: RunSettings
) -> dict[str, Any]:
    """``optimizer`` with the rate of :func:`rate_factor`, as Lightning takes it."""

    def factor(step: int) -> float:
        progress = _progress(module, settings, step)
        return rate_factor(step, progress, settings.warmup, settings.final_rate)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _progress(module: lightning.LightningModule, settings: RunSettings, step: int) -> float:
    """Share of the run that is over, the same in all processes."""
    if settings.hours is None:
        return (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    if step == 0:
        return 0.0
    trainer = module.trainer
    timer = next(c for c in trainer.callbacks if isinstance(c, Timer))  # type: ignore[attr-defined]
    elapsed: float = trainer.strategy.broadcast(timer.time_elapsed())
    return elapsed / (SECONDS_PER_HOUR * settings.hours)


def batch_random(module: lightning.LightningModule, seed: int, index: int) -> torch.Generator:
    """Random numbers of the ``index``-th batch of this process and epoch.

    They follow from the seed and the batch's place among those of all processes, so that two
    processes draw what one would, and a run that goes on does not repeat itself.
    """
    place = index * module.trainer.world_size + module.trainer.global_rank
    mixed = np.random.SeedSequence([seed, module.current_epoch, place]).generate_state(2)
    number = (int(mixed[0]) << 31) ^ int(mixed[1])
    return torch.Generator(device=module.device).manual_seed(number)
