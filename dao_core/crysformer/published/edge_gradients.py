"""The gradients of edge attention, written out, in the memory of one chunk of queries.

Both uses of the edges have one form. With rows x (queries for the logits, the output's gradient
for the values) and pair weights p (the logits' gradient, the attention weights),

    sum_ij p_ij x_i . E_ij = sum_i x_i . W y_i,   y_i = (sum_j p_ij r_ij z_j) conj(z_i),

so W, the phases and r collect the same expression from each of the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dao_core.crysformer.published.edge_products import EdgeChunk, conjugate, rotated


class EdgeGradients:
    """Gradients of ``edge_attention``, summed over chunks of queries.

    Attributes:
        q: the sum so far, in the shape of the input; likewise ``k``, ``v``, ``weight``,
            ``column``, ``phases`` and ``inverse_std``.
    """

    def __init__(
        self,
        inputs: Sequence[Tensor],
        attention: Tensor,
        turned: Tensor,
        grad: Tensor,
        geometry: bool,
    ) -> None:
        """Begin with what the values give W, in one product; the rest at zero.

        Args:
            inputs: q, k, v, weight, lattice_column, phases, inverse_std.
            attention: the attention weights of the forward pass, ``[B, h, N, N]``.
            turned: its turned sums, ``[B, h, N, 6F]``.
            grad: gradient of the output, ``[B, h, N, d]``.
            geometry: whether gradients of phases and inverse_std are wanted; else they stay zero.
        """
        self._inputs, self._attention, self._turned, self._grad = inputs, attention, turned, grad
        self._geometry = geometry
        q, k, v, _, _, phases, inverse_std = inputs
        self.q, self.k, self.v, self.phases, self.inverse_std = (
            torch.zeros_like(x, memory_format=torch.contiguous_format)
            for x in (q, k, v, phases, inverse_std)
        )
        self.weight = torch.bmm(*_by_heads(grad, turned))
        self.column = _on_column(grad, turned)

    def in_order(self) -> list[Tensor | None]:
        """The seven gradients, None for the geometry where it was not wanted."""
        geometry = [self.phases, self.inverse_std] if self._geometry else [None, None]
        return [self.q, self.k, self.v, self.weight, self.column, *geometry]

    def add(self, crystals: slice, queries: slice) -> None:
        """Add what the queries of one chunk contribute."""
        at = (crystals, slice(None), queries)
        chunk = EdgeChunk(self._inputs, crystals, queries)
        grad, weights, r = self._grad[at], self._attention[at], chunk.inverse_std
        along = chunk.expand(grad)
        edges = chunk.on_keys(along).to(r.dtype)
        grad_weights = torch.addcmul((grad @ chunk.v.transpose(2, 3)).to(r.dtype), r, edges)
        grad_logits = grad_weights - (grad_weights * weights).sum(dim=-1, keepdim=True)
        grad_logits *= weights
        if self._geometry:
            self._add_geometry(at, chunk, along, edges, weights, self._turned[at])
        self.v[crystals] += weights.transpose(2, 3) @ grad
        turned = chunk.turned_sum(grad_logits * r)
        if self._geometry:
            along = chunk.expand(chunk.q)
            self._add_geometry(at, chunk, along, chunk.on_keys(along), grad_logits, turned)
        self.weight.baddbmm_(*_by_heads(chunk.q, turned))
        self.column[crystals] += _on_column(chunk.q, turned)
        grad_logits = grad_logits.to(grad.dtype)
        self.q[at] = grad_logits @ chunk.k + chunk.contract(turned)
        self.k[crystals] += grad_logits.transpose(2, 3) @ chunk.q

    def _add_geometry(
        self,
        at: tuple[slice, slice, slice],
        chunk: EdgeChunk,
        along: Tensor,
        edges: Tensor,
        pairs: Tensor,
        turned: Tensor,
    ) -> None:
        """Add the gradients of ``sum_ij p_ij x_i . E_ij`` in phases and inverse_std.

        ``along`` is ``(x_i W) z_i`` and ``edges`` its products with the keys' phases.
        """
        crystals, _, queries = at
        self.inverse_std[crystals, queries] += (pairs * edges).sum(dim=1)
        left = (pairs * chunk.inverse_std).to(along.dtype).flatten(1, 2)
        self.phases[crystals] += left.transpose(1, 2) @ along.flatten(1, 2)
        # Re[(x W) z_i conj(s)], s the sum over keys, has the gradient conj(x W) s in z_i; with
        # x W = along conj(z_i) and s = turned z_i, z_i^2 stands before the sum over heads
        per_query = rotated(turned, conjugate(along)).sum(dim=1)
        z = chunk.query_phases
        self.phases[crystals, queries] += rotated(per_query, rotated(z, z))


def _by_heads(rows: Tensor, turned: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of ``sum_i x_i y_i^T`` for each head: ``[h, d, b n]`` and ``[h, b n, 6F]``."""
    b, heads, n, width = turned.shape
    left = rows.transpose(0, 1).reshape(heads, b * n, -1).transpose(1, 2)
    return left, turned.transpose(0, 1).reshape(heads, b * n, width)


def _on_column(rows: Tensor, turned: Tensor) -> Tensor:
    """The same sum for column 0 of each crystal's own W, ``[b, h, d]``."""
    return (turned[:, :, None, :, 0] @ rows)[:, :, 0]
