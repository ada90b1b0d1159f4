"""The loop: steps until the time is over, averaged weights written on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dao_core.training.averaging import warm_decay
from dao_core.training.schedule import rate_factor

Write = Callable[[nn.Module, "Progress"], None]


@dataclass(frozen=True)
class ClockSettings:
    """What a loop by the clock can be told.

    Attributes:
        minutes: of the whole loop, compilation included.
        write_minutes: the averaged weights are written so often, and at the end.
        warmup: steps of linear warm-up.
        ema_decay: of the averaged weights.
        gradient_clip: largest norm of the gradient.
        narrow: bf16 in the network, under autocast.
        seed: of data and noise.
    """

    minutes: float = 9.0
    write_minutes: float = 2.0
    warmup: int = 200
    ema_decay: float = 0.999
    gradient_clip: float = 0.5
    narrow: bool = True
    seed: int = 0


@dataclass
class Progress:
    """How far a loop is.

    Attributes:
        steps: taken.
        crystals: seen.
        seconds: since it began.
        loss: of the last step that was looked at.
    """

    steps: int = 0
    crystals: int = 0
    seconds: float = 0.0
    loss: float = float("nan")


def train_by_the_clock(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_of_next_batch: Callable[[], tuple[Tensor, int]],
    settings: ClockSettings,
    write: Write,
) -> Progress:
    """Train until the time is over; the network ends with its averaged weights.

    The learning rates of the optimiser are peaks. Nothing is validated, because every second of
    the device is one of training: judge what was written.

    Args:
        network: on its device.
        optimizer: of its parameters.
        loss_of_next_batch: loss of a batch, and how many crystals it held.
        settings: see :class:`ClockSettings`.
        write: takes the network with its averaged weights, for as long as it is called.

    Returns:
        Steps, crystals and seconds.
    """
    device = next(network.parameters()).device.type
    average = [parameter.detach().clone() for parameter in network.parameters()]
    peaks = [group["lr"] for group in optimizer.param_groups]
    progress, began, written = Progress(), time.monotonic(), 0.0
    network.train()
    while progress.seconds < 60 * settings.minutes:
        share = progress.seconds / (60 * settings.minutes)
        factor = rate_factor(progress.steps, share, settings.warmup)
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * factor
        with torch.autocast(device, torch.bfloat16, enabled=settings.narrow):
            loss, crystals = loss_of_next_batch()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), settings.gradient_clip)
        optimizer.step()
        decay = warm_decay(settings.ema_decay, progress.steps)
        torch._foreach_lerp_(average, [p.detach() for p in network.parameters()], 1 - decay)
        progress.steps += 1
        progress.crystals += crystals
        if progress.steps % 50 == 0:
            progress.loss = float(loss.detach())  # waits for the device, so that the clock is right
        progress.seconds = time.monotonic() - began
        if progress.seconds - written > 60 * settings.write_minutes:
            written = progress.seconds
            with _weights(network, average):
                write(network, progress)
    with torch.no_grad():
        for parameter, mean in zip(network.parameters(), average, strict=True):
            parameter.copy_(mean)
    write(network, progress)
    return progress


@contextmanager
def _weights(network: nn.Module, values: list[Tensor]) -> Iterator[None]:
    """The network with other weights for a moment."""
    own = [parameter.detach().clone() for parameter in network.parameters()]
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(value)
        yield
        for parameter, value in zip(network.parameters(), own, strict=True):
            parameter.copy_(value)
