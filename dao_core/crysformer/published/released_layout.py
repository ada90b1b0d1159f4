"""The released checkpoints' names and layout, and ours: which tensor becomes which."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.pair_phases import LATTICE_PRODUCTS
from dao_core.crystal.batch import MAX_ATOMIC_NUMBER
from dao_core.elements.features import ELEMENT_FEATURES

UNUSED = ("node_embedding.weight",)
"""Tensors that the released network holds and never reads; they are not converted."""

_TOP = {
    "element_table": "embedding_in.0.weight",
    "element_projection": "embedding_in.1",
    "time_projection": "atom_latent_emb",
    "coordinate_head.weight": "coord_out.weight",
    "lattice_head.weight": "lattice_out.weight",
    "energy_head.0": "scalar_out.0",
    "energy_head.2": "scalar_out.2",
    "element_head.0": "type_out.0",
    "element_head.2": "type_out.2",
}
_BLOCK = {
    "attention_norm": "attention.norm",
    "attention.to_out": "attention.fn.to_out",
    "attention_residual.gate.weight": "attention.residue.proj.0.weight",
    "feed_forward_norm": "ffn.norm",
    "feed_forward.0": "ffn.fn.net.0",
    "feed_forward.2": "ffn.fn.net.2",
    "feed_forward_residual.gate.weight": "ffn.residue.proj.0.weight",
}


def released_shapes(config: PublishedConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a released network of that size."""
    width, edge = config.width, LATTICE_PRODUCTS + 6 * config.frequencies
    shapes: dict[str, tuple[int, ...]] = {
        "node_embedding.weight": (MAX_ATOMIC_NUMBER, width),
        "embedding_in.0.weight": (MAX_ATOMIC_NUMBER + 1, ELEMENT_FEATURES),
        **_linear("embedding_in.1", width, ELEMENT_FEATURES),
        **_linear("atom_latent_emb", width, width + config.time_features),
        "coord_out.weight": (3, width),
        "lattice_out.weight": (9, width),
        **_linear("type_out.0", width, width),
        **_linear("type_out.2", MAX_ATOMIC_NUMBER, width),
        **_linear("scalar_out.0", width, width),
        **_linear("scalar_out.2", 1, width),
    }
    for i in range(config.layers):
        shapes |= {f"block_{i}.{name}": shape for name, shape in _block_shapes(width, edge).items()}
    return shapes


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _block_shapes(width: int, edge: int) -> dict[str, tuple[int, ...]]:
    return {
        **_norm("attention.norm", width),
        **_linear("attention.fn.to_q", width, width),
        **_linear("attention.fn.to_kv", 2 * width, width),
        **_linear("attention.fn.edges_to_kv", width, edge),
        **_linear("attention.fn.to_out", width, width),
        **_norm("attention.fn.edge_norm", edge),
        "attention.residue.proj.0.weight": (1, 3 * width),
        **_norm("ffn.norm", width),
        **_linear("ffn.fn.net.0", 4 * width, width),
        **_linear("ffn.fn.net.2", width, 4 * width),
        "ffn.residue.proj.0.weight": (1, 3 * width),
    }


def from_released(released: Mapping[str, Tensor], config: PublishedConfig) -> dict[str, Tensor]:
    """Weights of :class:`PublishedCrysformer` from a released state dict of the same size.

    Args:
        released: exactly the tensors of :func:`released_shapes`.
        config: the size of the network.
    """
    tensors: dict[str, Tensor] = {}
    for ours, theirs in _TOP.items():
        tensors |= _renamed(released, ours, theirs)
    columns = edge_columns(config.frequencies)
    for i in range(config.layers):
        block, attention = f"block_{i}.", f"block_{i}.attention.fn."
        for ours, theirs in _BLOCK.items():
            tensors |= _renamed(released, f"blocks.{i}.{ours}", block + theirs)
        own = f"blocks.{i}.attention."
        for part in ("weight", "bias"):
            tensors[f"{own}to_qkv.{part}"] = torch.cat(
                [released[f"{attention}to_q.{part}"], released[f"{attention}to_kv.{part}"]]
            )
            tensors[f"{own}edge_norm_{part}"] = released[f"{attention}edge_norm.{part}"][columns]
        tensors[f"{own}edge_weight"] = released[f"{attention}edges_to_kv.weight"][:, columns]
        tensors[f"{own}edge_bias"] = released[f"{attention}edges_to_kv.bias"]
    return tensors


def _renamed(released: Mapping[str, Tensor], ours: str, theirs: str) -> dict[str, Tensor]:
    """One tensor, or the weight and bias of one module, under our name."""
    if theirs in released:
        return {ours: released[theirs]}
    return {f"{ours}.{part}": released[f"{theirs}.{part}"] for part in ("weight", "bias")}


def edge_columns(frequencies: int) -> Tensor:
    """Where each of our edge columns (lattice, then cos and sin in turn) stands in theirs.

    Theirs: lattice, all sines, all cosines.
    """
    sines = LATTICE_PRODUCTS + torch.arange(3 * frequencies)
    pairs = torch.stack([sines + 3 * frequencies, sines], dim=1).flatten()
    return torch.cat([torch.arange(LATTICE_PRODUCTS), pairs])
