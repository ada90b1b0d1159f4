"""Checkpoints of the released layout, made here, and an independent per-edge forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, silu

WIDTH, LAYERS, HEADS, FREQUENCIES, TIME = 24, 2, 3, 4, 8
State = dict[str, Tensor]


@pytest.fixture
def state() -> State:
    """A state dict as released, small; written out key by key from the notes on the layout."""
    random = torch.Generator().manual_seed(11)

    def new(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random) / math.sqrt(shape[-1])

    edge = 9 + 6 * FREQUENCIES
    state = {
        "embedding_in.0.weight": new(101, 92),
        "embedding_in.1.weight": new(WIDTH, 92),
        "embedding_in.1.bias": new(WIDTH),
        "atom_latent_emb.weight": new(WIDTH, WIDTH + TIME),
        "atom_latent_emb.bias": new(WIDTH),
        "node_embedding.weight": new(100, WIDTH),
        "coord_out.weight": new(3, WIDTH),
        "lattice_out.weight": new(9, WIDTH),
    }
    for head, outputs in (("type_out", 100), ("scalar_out", 1)):
        state[f"{head}.0.weight"], state[f"{head}.0.bias"] = new(WIDTH, WIDTH), new(WIDTH)
        state[f"{head}.2.weight"], state[f"{head}.2.bias"] = new(outputs, WIDTH), new(outputs)
    for i in range(LAYERS):
        attention, ffn = f"block_{i}.attention", f"block_{i}.ffn"
        for name, rows, columns in (
            (f"{attention}.fn.to_q", WIDTH, WIDTH),
            (f"{attention}.fn.to_kv", 2 * WIDTH, WIDTH),
            (f"{attention}.fn.edges_to_kv", WIDTH, edge),
            (f"{attention}.fn.to_out", WIDTH, WIDTH),
            (f"{ffn}.fn.net.0", 4 * WIDTH, WIDTH),
            (f"{ffn}.fn.net.2", WIDTH, 4 * WIDTH),
        ):
            state[f"{name}.weight"], state[f"{name}.bias"] = new(rows, columns), new(rows)
        for name, size in (
            (f"{attention}.norm", WIDTH),
            (f"{attention}.fn.edge_norm", edge),
            (f"{ffn}.norm", WIDTH),
        ):
            state[f"{name}.weight"], state[f"{name}.bias"] = 1 + new(size), new(size)
        state[f"{attention}.residue.proj.0.weight"] = new(1, 3 * WIDTH)
        state[f"{ffn}.residue.proj.0.weight"] = new(1, 3 * WIDTH)
    return {f"decoder.{name}": tensor for name, tensor in state.items()}


@pytest.fixture
def save(tmp_path: Path) -> Callable[[object], Path]:
    """Write an object as ``released.ckpt`` with ``torch.save``."""

    def write(content: object) -> Path:
        path = tmp_path / "released.ckpt"
        torch.save(content, path)
        return path

    return write


@pytest.fixture
def per_edge_forward() -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """The published network on one crystal, loop by loop over its edges."""
    return _forward


def _forward(
    state: State, numbers: Tensor, frac_coords: Tensor, lattice: Tensor, t: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Scores ``[N, 3]``, lattice noise ``[3, 3]`` and energy of one crystal."""

    def apply(name: str, x: Tensor) -> Tensor:
        return linear(x, state[f"decoder.{name}.weight"], state[f"decoder.{name}.bias"])

    rates = [10_000 ** (-k / (TIME // 2 - 1)) for k in range(TIME // 2)]
    time = torch.tensor([math.sin(t * r) for r in rates] + [math.cos(t * r) for r in rates])
    x = apply("embedding_in.1", state["decoder.embedding_in.0.weight"][numbers])
    x = apply("atom_latent_emb", torch.cat([x, time.expand(len(x), -1)], dim=1))
    for i in range(LAYERS):
        x = _gated(state, f"decoder.block_{i}.attention", x, _attend, frac_coords, lattice)
        x = _gated(state, f"decoder.block_{i}.ffn", x, _feed_forward)
    pooled = x.mean(dim=0)
    noise = (state["decoder.lattice_out.weight"] @ pooled).view(3, 3) @ lattice
    energy = apply("scalar_out.2", silu(apply("scalar_out.0", pooled)))
    return x @ state["decoder.coord_out.weight"].T, noise, energy[0]


def _gated(
    state: State, name: str, x: Tensor, fn: Callable[..., Tensor], *geometry: Tensor
) -> Tensor:
    normed = layer_norm(x, x.shape[-1:], state[f"{name}.norm.weight"], state[f"{name}.norm.bias"])
    r = fn(state, f"{name}.fn", normed, *geometry)
    gate = torch.sigmoid(torch.cat([x, r, x - r], dim=1) @ state[f"{name}.residue.proj.0.weight"].T)
    return gate * x + (1 - gate) * r


def _feed_forward(state: State, name: str, x: Tensor) -> Tensor:
    inner = gelu(linear(x, state[f"{name}.net.0.weight"], state[f"{name}.net.0.bias"]))
    return linear(inner, state[f"{name}.net.2.weight"], state[f"{name}.net.2.bias"])


def _attend(state: State, name: str, x: Tensor, frac_coords: Tensor, lattice: Tensor) -> Tensor:
    def apply(part: str, y: Tensor) -> Tensor:
        return linear(y, state[f"{name}.{part}.weight"], state[f"{name}.{part}.bias"])

    rows = []
    for i in range(len(x)):
        q = apply("to_q", x[i]).view(HEADS, -1)
        logits, values = [], []
        for j in range(len(x)):
            angle = torch.cat(
                [
                    2
                    * math.pi
                    * torch.arange(FREQUENCIES)
                    * ((frac_coords[j] - frac_coords[i])[a] % 1)
                    for a in range(3)
                ]
            )
            edge = torch.cat([(lattice @ lattice.T).flatten(), angle.sin(), angle.cos()])
            edge = layer_norm(
                edge, edge.shape, state[f"{name}.edge_norm.weight"], state[f"{name}.edge_norm.bias"]
            )
            e = apply("edges_to_kv", edge).view(HEADS, -1)
            k, v = apply("to_kv", x[j]).view(2, HEADS, -1)
            logits.append((q * (k + e)).sum(dim=1) / math.sqrt(WIDTH // HEADS))
            values.append(v + e)
        weights = torch.stack(logits).softmax(dim=0)
        rows.append((weights[..., None] * torch.stack(values)).sum(dim=0).flatten())
    return apply("to_out", torch.stack(rows))
