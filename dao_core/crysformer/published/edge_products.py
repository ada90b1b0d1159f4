"""The few products from which edge attention and its gradients are built.

Everything here is linear algebra on (cos, sin) pairs: the last axis of length 6F holds 3F complex
numbers. Shapes: ``b`` crystals and ``n`` query atoms of a chunk, ``N`` key atoms, ``h`` heads,
``d`` features per head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

_CHUNK_ATOMS = {"cpu": 100, "cuda": 16384}
"""Query atoms worked on at once: few enough for a CPU's cache, enough to fill a GPU."""

Slices = tuple[slice, slice]


def chunks(q: Tensor) -> Iterator[Slices]:
    """Slices (crystals, queries) that together cover ``q``, ``[B, h, N, d]``."""
    size, _, n, _ = q.shape
    atoms = _CHUNK_ATOMS.get(q.device.type, _CHUNK_ATOMS["cuda"])
    rows = -(-n // -(-n // atoms))
    group = max(1, atoms // n)
    for crystal in range(0, size, group):
        for query in range(0, n, rows):
            yield slice(crystal, crystal + group), slice(query, query + rows)


class EdgeChunk:
    """Some queries, all keys of their crystals, and the products between them.

    Attributes:
        q: ``[b, h, n, d]``.
        k: ``[b, h, N, d]``; also ``v``.
        weight: ``[h, d, 6F]``.
        column: ``[b, h, d]``.
        query_phases: ``[b, n, 6F]``.
        key_phases: ``[b, N, 6F]``.
        inverse_std: ``[b, 1, n, N]``.
    """

    def __init__(self, inputs: Sequence[Tensor], crystals: slice, queries: slice) -> None:
        q, k, v, self.weight, column, phases, inverse_std = inputs[:7]
        self.q, self.k, self.v = q[crystals, :, queries], k[crystals], v[crystals]
        self.column = column[crystals]
        self.query_phases, self.key_phases = phases[crystals, queries], phases[crystals]
        self.inverse_std = inverse_std[crystals, None, queries]

    def expand(self, x: Tensor) -> Tensor:
        """``(x W) z_i``: coefficients on the keys' phases; ``[b, h, n, d]`` to ``[..., 6F]``."""
        b, h, n, d = x.shape
        flat = x.transpose(0, 1).reshape(h, b * n, d) @ self.weight
        pairs = flat.view(h, b, n, -1).transpose(0, 1)
        pairs[..., 0] += (x @ self.column[..., None]).squeeze(-1)
        out = pairs if b == 1 else pairs.new_empty(pairs.shape)
        return rotate(pairs, self.query_phases[:, None], out)

    def on_keys(self, coefficients: Tensor) -> Tensor:
        """``c_i . z_j`` for every key: ``[b, h, n, 6F]`` to ``[b, h, n, N]``."""
        return _per_crystal(coefficients, self.key_phases.transpose(1, 2))

    def turned_sum(self, pair_weights: Tensor) -> Tensor:
        """``(sum_j p_ij z_j) conj(z_i)``: ``[b, h, n, N]`` to ``[b, h, n, 6F]``."""
        pairs = _per_crystal(pair_weights.to(self.q.dtype), self.key_phases)
        b, h, n, width = pairs.shape
        # head by head in memory, as contract and the weight's gradient read it
        out = pairs if b == 1 else pairs.new_empty(h, b, n, width).transpose(0, 1)
        return rotate(pairs, self.query_phases[:, None], out, back=True)

    def contract(self, turned: Tensor) -> Tensor:
        """``W y``, ``[b, h, n, 6F]`` to ``[b, h, n, d]``."""
        b, h, n, width = turned.shape
        flat = turned.transpose(0, 1).reshape(h, b * n, width) @ self.weight.transpose(1, 2)
        return flat.view(h, b, n, -1).transpose(0, 1) + turned[..., :1] * self.column[:, :, None]


def rotate(pairs: Tensor, phases: Tensor, out: Tensor, *, back: bool = False) -> Tensor:
    """Write pairs times phases (broadcast) as complex numbers to ``out``, and return it.

    ``back`` takes the phases' conjugates; ``out`` may be ``pairs``.
    """
    if pairs.dtype in (torch.float32, torch.float64):
        factor = _as_complex(phases)
        torch.mul(_as_complex(pairs), factor.conj() if back else factor, out=_as_complex(out))
        return out
    return out.copy_(rotated(pairs, conjugate(phases) if back else phases))


def rotated(pairs: Tensor, phases: Tensor) -> Tensor:
    """Pairs times phases as complex numbers; differentiable, any dtype."""
    a, b = pairs.unflatten(-1, (-1, 2)).unbind(-1)
    c, s = phases.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * c - b * s, a * s + b * c], dim=-1).flatten(-2)


def conjugate(pairs: Tensor) -> Tensor:
    """Complex conjugate of pairs."""
    cos, sin = pairs.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([cos, -sin], dim=-1).flatten(-2)


def _as_complex(pairs: Tensor) -> Tensor:
    return torch.view_as_complex(pairs.unflatten(-1, (-1, 2)))


def _per_crystal(left: Tensor, right: Tensor) -> Tensor:
    """One product per crystal for all heads: ``[b, h, n, x]`` by ``[b, x, y]``."""
    b, h, n, width = left.shape
    return (left.reshape(b, h * n, width) @ right).view(b, h, n, -1)
