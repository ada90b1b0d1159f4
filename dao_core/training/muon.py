"""Muon for the matrices of the blocks, AdamW for all the rest, as one optimiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

ADAMW_SHARE = 2 / 3
"""AdamW's learning rate over Muon's (2e-3 and 3e-3 in benchmarks/experiments.md)."""


class MuonAdamW(Optimizer):
    """Two optimisers of torch behind one face, so that one schedule drives both.

    Muon (Jordan 2024) orthogonalises the momentum of matrices; ``match_rms_adamw`` scales its
    steps to AdamW's (Liu et al., arXiv 2502.16982). Embeddings, norms, biases and heads keep AdamW.
    """

    def __init__(self, network: nn.Module, learning_rate: float, weight_decay: float) -> None:
        matrices, others = _split(network)
        self.parts: tuple[Optimizer, Optimizer] = (
            Muon(
                matrices,
                lr=learning_rate,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            ),
            AdamW(others, lr=ADAMW_SHARE * learning_rate, weight_decay=weight_decay),
        )
        # the groups are shared, not copied: a schedule that sets them sets those of both parts
        super().__init__([group for part in self.parts for group in part.param_groups], {})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of both."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self.parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {"muon": self.parts[0].state_dict(), "adamw": self.parts[1].state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the states of both; parameter groups are made anew by it and shared again."""
        self.parts[0].load_state_dict(state_dict["muon"])
        self.parts[1].load_state_dict(state_dict["adamw"])
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def _split(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Matrices inside blocks, and everything else. A distance bias is a table, not a matrix."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        is_matrix = parameter.ndim == 2 and "blocks." in name and "distance_bias" not in name
        (matrices if is_matrix else others).append(parameter)
    return matrices, others
