"""One short fine-tuning run on Lightning, with averaged weights at its end."""

from __future__ import annotations

import tempfile
from typing import Any

import lightning
from torch.utils.data import DataLoader

from dao_core.training.averaging import WarmAveraging
from dao_core.training.retraining_settings import Retraining


def fit(module: lightning.LightningModule, loader: DataLoader[Any], settings: Retraining) -> None:
    """Train ``module`` for ``settings.steps`` steps; its weights end as the averaged ones."""
    with tempfile.TemporaryDirectory(prefix="dao-retraining-") as folder:
        lightning.Trainer(
            default_root_dir=folder,
            max_steps=settings.steps,
            max_epochs=-1,
            gradient_clip_val=1.0,
            callbacks=[WarmAveraging(settings.ema_decay)],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        ).fit(module, loader)
