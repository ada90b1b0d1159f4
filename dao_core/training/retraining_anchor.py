"""An anchor to the weights that a model had before it was fine-tuned.

The squared distance to the start is added to the loss (L2-SP; Li, Grandvalet and Davoine, ICML
2018, arXiv 1802.01483), so that what few new data do not speak of stays as it was.
"""

from __future__ import annotations

from torch import Tensor, nn


class Anchor:
    """The weights of a network at the time of its making."""

    def __init__(self, network: nn.Module, strength: float) -> None:
        """Remember the weights.

        Args:
            network: its trainable weights are remembered.
            strength: weight of the squared distance in the loss; 0 for no anchor.
        """
        self.strength = strength
        self.start = {name: weight.detach().clone() for name, weight in network.named_parameters()}

    def loss(self, network: nn.Module) -> Tensor:
        """Half the strength times the squared distance of all weights to the start."""
        parts = [
            (weight - self.start[name].to(weight)).square().sum()
            for name, weight in network.named_parameters()
            if weight.requires_grad
        ]
        total: Tensor = sum(parts[1:], start=parts[0])
        return 0.5 * self.strength * total
