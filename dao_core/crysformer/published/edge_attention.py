"""Attention whose keys and values carry a normalised edge term, without any edge tensor.

For each head, with folded edge weights W ``[d, 6F]`` and z = exp(2 pi i m x) per atom, an edge
adds E_ij = r_ij W (z_j conj(z_i)) to k_j and to v_j:

    logit_ij = q_i . (k_j + E_ij),     out_i = sum_j a_ij (v_j + E_ij).

Its products move from pairs to atoms, (cos, sin) pairs being multiplied as complex numbers:

    q_i . E_ij = r_ij ((q_i W) z_i) . z_j,
    sum_j a_ij E_ij = W ((sum_j a_ij r_ij z_j) conj(z_i)).

The lattice part of an edge is the same for all pairs of a crystal; as frequency 0 of z is (1, 0)
it enters as that crystal's own addition to column 0 of W.

The backward pass is written out. Of the tensors with 6F numbers per atom and head it keeps one,
the turned sums above, and rebuilds the others chunk by chunk: autograd would keep six.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from dao_core.crysformer.published.edge_gradients import EdgeGradients
from dao_core.crysformer.published.edge_products import EdgeChunk, chunks, conjugate, rotated


def edge_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    weight: Tensor,
    lattice_column: Tensor,
    phases: Tensor,
    inverse_std: Tensor,
    padding: Tensor | None,
) -> Tensor:
    """Attend over all pairs of each crystal, i = j included; differentiable twice.

    Args:
        q: queries, scaled by 1/sqrt(d), ``[B, heads, N, d]``.
        k: keys, as ``q``.
        v: values, as ``q``.
        weight: folded edge weights, ``[heads, d, 6F]``, (cos, sin) columns, dtype of ``q``.
        lattice_column: each crystal's addition to ``weight[..., 0]``, ``[B, heads, d]``.
        phases: ``[B, N, 6F]``, (cos, sin) pairs, frequency 0 first, dtype of ``q``.
        inverse_std: ``[B, N, N]``, r of each pair, float32 or better.
        padding: ``[B, N]`` bool, True where a key is padding; None where nothing is padded.

    Returns:
        ``[B, heads, N, d]``.
    """
    out: Tensor = _EdgeAttention.apply(
        q, k, v, weight, lattice_column, phases, inverse_std, padding, torch.is_grad_enabled()
    )
    return out


class _EdgeAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        *inputs, padding, keep = arguments
        q, phases = inputs[0], inputs[5]
        size, heads, n, _ = q.shape
        out, attention = torch.empty_like(q), q.new_empty(size, heads, n, n if keep else 0)
        # head by head in memory, as the weight's gradient reads it
        sums = q.new_empty(heads, size, n, phases.shape[-1] if keep else 0).transpose(0, 1)
        for crystals, queries in chunks(q):
            at = (crystals, slice(None), queries)
            chunk = EdgeChunk(inputs, crystals, queries)
            weights = _attention_weights(chunk, None if padding is None else padding[crystals])
            turned = chunk.turned_sum(weights * chunk.inverse_std)
            out[at] = weights.to(q.dtype) @ chunk.v + chunk.contract(turned)
            if keep:
                attention[at], sums[at] = weights, turned
        ctx.save_for_backward(*inputs, padding, attention, sums)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor | None, ...]:
        *inputs, padding, attention, sums = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_gradients(inputs, padding, grads[0], ctx.needs_input_grad)
        geometry = any(ctx.needs_input_grad[5:7])
        gradients = EdgeGradients(inputs, attention, sums, grads[0], geometry)
        for crystals, queries in chunks(inputs[0]):
            gradients.add(crystals, queries)
        return (*gradients.in_order(), None, None)


def _attention_weights(chunk: EdgeChunk, padding: Tensor | None) -> Tensor:
    """``a_ij`` of a chunk, ``[b, h, n, N]``, in the dtype of ``inverse_std``."""
    r = chunk.inverse_std
    edges = chunk.on_keys(chunk.expand(chunk.q)).to(r.dtype)
    logits = torch.addcmul((chunk.q @ chunk.k.transpose(2, 3)).to(r.dtype), r, edges)
    if padding is not None:
        logits.masked_fill_(padding[:, None, None], -torch.inf)
    return logits.softmax(dim=-1)


def _differentiable_gradients(
    inputs: list[Tensor], padding: Tensor | None, grad: Tensor, needed: Sequence[bool]
) -> tuple[Tensor | None, ...]:
    """The gradients as a graph of their own, for second derivatives (training on forces)."""
    wanted = [x for x, need in zip(inputs, needed, strict=False) if need]
    q, k, v, weight, column, phases, inverse_std = inputs
    out = _plain_edge_attention(q, k, v, weight, column, phases, inverse_std, padding)
    gradients = iter(torch.autograd.grad(out, wanted, grad, create_graph=True))
    return (*(next(gradients) if need else None for need in needed[:7]), None, None)


def _plain_edge_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    weight: Tensor,
    column: Tensor,
    phases: Tensor,
    inverse_std: Tensor,
    padding: Tensor | None,
) -> Tensor:
    """The formulas of this module in ordinary operations, which autograd follows."""
    own_weight = weight + pad(column[..., None], (0, weight.shape[-1] - 1))
    z, r = phases[:, None], inverse_std[:, None]
    logits = q @ k.transpose(2, 3) + r * (rotated(q @ own_weight, z) @ z.transpose(2, 3))
    if padding is not None:
        logits = logits.masked_fill(padding[:, None, None], -torch.inf)
    weights = logits.softmax(dim=-1)
    turned = rotated((weights * r).to(q.dtype) @ z, conjugate(z))
    return weights.to(q.dtype) @ v + turned @ own_weight.transpose(2, 3)
