"""DAO-G by the clock: the size that the device is fast enough for, then minutes of training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from dao_core.crysformer.config import named_config
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.model_file import save_flow_model
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.by_the_clock.device_crystals import DeviceCrystals
from dao_core.training.by_the_clock.loop import ClockSettings, Progress, train_by_the_clock
from dao_core.training.muon import MuonAdamW
from dao_core.training.records import Crystal

SIZES = ("large", "mini")
"""Networks that are tried, the largest first."""
ENOUGH = 30_000_000
"""Crystals that a run should see: half of what published models saw (benchmarks/experiments.md)."""
PROBE_STEPS = 10
LEARNING_RATE = 4e-3


class GeneratorByTheClock:
    """A velocity network with its optimiser and the data on a device.

    Attributes:
        network: trained in place.
        size: its name.
    """

    def __init__(
        self,
        size: str,
        crystals: DeviceCrystals,
        settings: ClockSettings,
        device: torch.device | str,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.size = size
        self.network = VelocityNetwork(named_config(size)).to(device)
        stretch = torch.cat([bucket.stretch for bucket in crystals.buckets])
        self.network.stretch_mean.copy_(stretch.mean(dim=0))
        self.network.stretch_std.copy_(stretch.std(dim=0).clamp_min(0.01))
        self.optimizer = MuonAdamW(self.network, LEARNING_RATE, weight_decay=0.01)
        self._crystals = crystals
        self._choice = torch.Generator().manual_seed(settings.seed)
        self._random = torch.Generator(device=device).manual_seed(settings.seed)
        # one compilation for each width of the buckets; on a CPU it gains nothing
        on_gpu = torch.device(device).type == "cuda"
        compiled = torch.compile(self.network) if on_gpu else self.network
        self._called = cast("VelocityNetwork", compiled)

    def loss_of_next_batch(self) -> tuple[Tensor, int]:
        """Loss of a batch, and how many crystals it held."""
        bucket = self._crystals.draw(self._choice, self._random)
        loss = flow_matching_loss(
            self._called, bucket.crystals, self._random, stretch=bucket.stretch
        )
        return loss.total, len(bucket)

    def crystals_per_second(self, *, narrow: bool) -> float:
        """Speed of training steps that change nothing, compilation left out."""
        device = next(self.network.parameters()).device
        for counted in (False, True):
            began, seen = time.perf_counter(), 0
            for _ in range(PROBE_STEPS):
                with torch.autocast(device.type, torch.bfloat16, enabled=narrow):
                    loss, crystals = self.loss_of_next_batch()
                loss.backward()
                self.optimizer.zero_grad(set_to_none=True)
                seen += crystals
            float(loss.detach())  # waits for the device
            if counted:
                return seen / (time.perf_counter() - began)
        raise AssertionError  # pragma: no cover - the loop returns


def train_generator_by_the_clock(
    crystals: Sequence[Crystal],
    folder: Path,
    settings: ClockSettings,
    atoms_per_batch: int,
    device: torch.device | str,
    sizes: Sequence[str] = SIZES,
) -> tuple[Path, Progress]:
    """Train DAO-G on one device and write ``dao-g.safetensors``, without a memory.

    Args:
        crystals: the training set.
        folder: receives the model, every few minutes.
        settings: see :class:`~dao_core.training.by_the_clock.loop.ClockSettings`.
        atoms_per_batch: padded atoms of a step.
        device: where all of it happens.
        sizes: networks, the largest first; the first is taken that sees :data:`ENOUGH` crystals
            in the time that is left, else the last.

    Returns:
        The model file; :func:`dao_core.training.prototype_memory.renew_memory` adds a memory.
        And how much was done.
    """
    data = DeviceCrystals(crystals, atoms_per_batch, device)
    target = folder / "dao-g.safetensors"
    for size in sizes:
        training = GeneratorByTheClock(size, data, settings, device)
        if size == sizes[-1]:
            break
        speed = training.crystals_per_second(narrow=settings.narrow)
        if speed * 60 * settings.minutes >= ENOUGH:
            break
    largest = max(len(crystal.atomic_numbers) for crystal in crystals)

    def write(network: nn.Module, progress: Progress) -> None:
        assert isinstance(network, VelocityNetwork)  # noqa: S101 - it is the one made above
        card = {
            "config": training.size,
            "max_atoms": largest,
            "train_crystals": len(crystals),
            "stage": 1,
            "start": None,
            "seconds": round(progress.seconds, 1),
            "steps": progress.steps,
            "crystals_seen": progress.crystals,
            "atoms_per_batch": atoms_per_batch,
            "ema_decay": settings.ema_decay,
            "seed": settings.seed,
        }
        save_flow_model(target, network, None, card)

    progress = train_by_the_clock(
        training.network, training.optimizer, training.loss_of_next_batch, settings, write
    )
    return target, progress
