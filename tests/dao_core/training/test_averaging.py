"""Averaged weights forget where they started, in every training."""

from __future__ import annotations

import lightning
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from dao_core.training.averaging import WarmAveraging, warm_decay


class Jump(lightning.LightningModule):
    """One weight that jumps from 0 to 1 after its first step and stays there."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def training_step(self, _batch: Tensor, _index: int) -> None:
        optimizer = self.optimizers()
        with torch.no_grad():
            self.weight.fill_(float(self.global_step > 0))
        optimizer.step()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


@pytest.mark.parametrize("decay", [0.99, 0.999, 0.9999])
def test_a_thousand_steps_forget_the_start(decay: float, tmp_path) -> None:
    module = Jump()
    lightning.Trainer(
        default_root_dir=tmp_path,
        max_steps=1000,
        callbacks=[WarmAveraging(decay)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(module, DataLoader(torch.zeros(1000, 1)))
    assert 1 - float(module.weight) < 1e-4


def test_the_decay_rises_to_what_was_asked_for() -> None:
    decays = [warm_decay(0.999, updates) for updates in range(20_000)]
    assert decays[0] == pytest.approx(0.1)
    assert decays == sorted(decays)
    assert decays[-1] == 0.999
