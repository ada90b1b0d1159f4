"""A learned distance between compositions: the nearer, the likelier they share a prototype.

Each class of atoms becomes a vector from its element, the mean element of its crystal and the
counts; the distance is the sum over classes, weighted by their share of the atoms. The probability
that a composition takes the prototype of crystal m is the softmax of minus the squared distances
(neighbourhood components analysis, Goldberger et al., NeurIPS 2004).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dao_core.elements.features import ELEMENT_FEATURES, element_table

WIDTH = 64
VECTOR = 24


class CompositionMetric(nn.Module):
    """Vectors of the classes of a composition, whose squared distances are logits."""

    element_table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("element_table", element_table(), persistent=False)
        self.embedding = nn.Embedding(len(self.element_table), WIDTH)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.projection = nn.Linear(ELEMENT_FEATURES, WIDTH)
        self.in_context = nn.Sequential(
            nn.Linear(2 * WIDTH + 2, 128), nn.SiLU(), nn.Linear(128, VECTOR)
        )
        self.alone = nn.Linear(WIDTH, VECTOR, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, elements: Tensor, counts: tuple[int, ...]) -> Tensor:
        """Vectors ``[m, k, VECTOR]`` of compositions with elements ``[m, k]`` on their classes."""
        share = torch.tensor(counts, device=elements.device) / sum(counts)
        element = self.embedding(elements) + self.projection(self.element_table[elements])
        mean = (element * share[:, None]).sum(dim=1, keepdim=True).expand_as(element)
        sizes = torch.stack([share.log(), torch.full_like(share, math.log(sum(counts)))], dim=-1)
        context = torch.cat([element, mean, sizes.expand(len(elements), -1, -1)], dim=-1)
        vectors = self.alone(element) + self.in_context(context)
        scaled: Tensor = vectors * share.sqrt()[:, None] * self.log_scale.exp()
        return scaled


def prototype_logits(
    asked: Tensor, seen: Tensor, assignments: tuple[tuple[int, ...], ...]
) -> Tensor:
    """Minus the squared distances of compositions asked for and seen.

    Args:
        asked: vectors ``[q, k, VECTOR]``.
        seen: vectors ``[m, k, VECTOR]``.
        assignments: of the classes asked for to those seen, ``a`` of them.

    Returns:
        ``[q, a, m]``.
    """
    flat = seen.flatten(1)
    parts = [
        -torch.cdist(asked[:, list(assignment)].flatten(1), flat).square()
        for assignment in assignments
    ]
    return torch.stack(parts, dim=1)
