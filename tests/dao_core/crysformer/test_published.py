"""The factorised network against the per-edge one, and its symmetries."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dao_core.crysformer.published import edge_products
from dao_core.crysformer.published.config import PUBLISHED_CONFIGS, PublishedConfig
from dao_core.crysformer.published.edge_attention import edge_attention
from dao_core.crysformer.published.network import PublishedCrysformer, PublishedOutput
from dao_core.crysformer.published.released_layout import from_released, released_shapes
from dao_core.errors import InputError

Inputs = dict[str, Tensor]
TIGHT = ("small", torch.float64)
LOOSE = [("small", torch.float32), ("base", torch.float32)]


def cast(crystals: Inputs, dtype: torch.dtype) -> Inputs:
    return {
        name: x.to(dtype, copy=True) if x.is_floating_point() else x for name, x in crystals.items()
    }


def heads(output: Any) -> list[Tensor]:
    if isinstance(output, PublishedOutput):
        return [output.coordinates, output.lattice, output.energy, output.elements]
    return list(output)


def objective(output: Any) -> Tensor:
    """A scalar to which every head contributes with weights of its own."""
    random = torch.Generator().manual_seed(8)
    return sum(
        (x * torch.randn(x.shape, generator=random, dtype=torch.float64).to(x)).sum()
        for x in heads(output)
    )


def assert_relative(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    scale = expected.abs().max()
    assert scale > 0
    assert ((actual - expected).abs().max() / scale).item() < tolerance


@pytest.mark.parametrize(
    ("networks", "tolerance"),
    [(TIGHT, 1e-12), (LOOSE[0], 1e-4), (LOOSE[1], 1e-4)],
    indirect=["networks"],
)
def test_outputs_and_gradients_equal_those_of_the_per_edge_form(
    networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs, tolerance: float
) -> None:
    reference, network = networks
    inputs = cast(crystals, next(network.parameters()).dtype)
    geometry = [inputs["frac_coords"].requires_grad_(), inputs["lattice"].requires_grad_()]
    expected, actual = reference(**inputs), network(**inputs)
    for mine, theirs in zip(heads(actual), heads(expected), strict=True):
        assert_relative(mine, theirs, tolerance)
    theirs = {k: p for k, p in reference.named_parameters() if "node_emb" not in k}
    theirs.pop("embedding_in.0.weight")
    of_reference = torch.autograd.grad(objective(expected), [*geometry, *theirs.values()])
    of_network = torch.autograd.grad(objective(actual), [*geometry, *network.parameters()])
    for mine, their in zip(of_network[:2], of_reference[:2], strict=True):
        assert_relative(mine, their, tolerance)
    gradients = dict(zip(theirs, of_reference[2:], strict=True))
    mapped = from_released({**reference.state_dict(), **gradients}, network.config)
    for (name, _), mine in zip(network.named_parameters(), of_network[2:], strict=True):
        assert_relative(mine, mapped[name], tolerance)


@pytest.mark.parametrize("networks", [TIGHT], indirect=True)
@pytest.mark.parametrize("chunk", [4, 7, 20])
def test_chunks_of_queries_change_nothing(
    networks: tuple[nn.Module, PublishedCrysformer],
    crystals: Inputs,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = networks[1]
    crystals["frac_coords"].requires_grad_()

    def run() -> tuple[Tensor, Tensor]:
        loss = objective(network(**crystals))
        return loss, torch.autograd.grad(loss, crystals["frac_coords"])[0]

    whole = run()
    monkeypatch.setitem(edge_products._CHUNK_ATOMS, "cpu", chunk)
    torch.testing.assert_close(run(), whole, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("padded", [False, True])
def test_edge_attention_passes_first_and_second_gradient_checks(padded: bool) -> None:
    random = torch.Generator().manual_seed(1)
    shapes = [(2, 2, 3, 4)] * 3 + [(2, 4, 12), (2, 2, 4), (2, 3, 12), (2, 3, 3)]
    inputs = [
        torch.randn(shape, generator=random, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    ]
    angle = torch.rand(2, 3, 6, generator=random, dtype=torch.float64).requires_grad_()
    padding = torch.tensor([[False, False, False], [False, False, True]]) if padded else None

    def attend(*tensors: Tensor) -> Tensor:
        *weights, angles, inverse_std = tensors
        phases = torch.stack([angles.cos(), angles.sin()], dim=-1).flatten(-2)
        return edge_attention(*weights, phases, inverse_std, padding)

    arguments = (*inputs[:5], angle, inputs[6])
    assert torch.autograd.gradcheck(attend, arguments)
    assert torch.autograd.gradgradcheck(attend, arguments)


@pytest.mark.parametrize("networks", [TIGHT], indirect=True)
def test_padding_changes_nothing(
    networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs
) -> None:
    network = networks[1]
    together = network(**crystals)
    for row, n in enumerate(crystals["mask"].sum(dim=1).tolist()):
        alone = {
            name: x[row : row + 1, :n]
            if name in ("atomic_numbers", "frac_coords", "mask")
            else x[row : row + 1]
            for name, x in crystals.items()
        }
        single = network(**alone)
        torch.testing.assert_close(together.coordinates[row, :n], single.coordinates[0])
        torch.testing.assert_close(together.lattice[row], single.lattice[0])
        torch.testing.assert_close(together.energy[row], single.energy[0])
        assert not together.coordinates[row, n:].any()
        assert not together.elements[row, n:].any()


@pytest.mark.parametrize("networks", [TIGHT], indirect=True)
def test_symmetries(networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs) -> None:
    network = networks[1]
    original = network(**crystals)
    shifted = network(**{**crystals, "frac_coords": crystals["frac_coords"] + 0.37})
    torch.testing.assert_close(shifted.coordinates, original.coordinates)
    torch.testing.assert_close(shifted.energy, original.energy)

    order = torch.randperm(13, generator=torch.Generator().manual_seed(2))
    per_atom = ("atomic_numbers", "frac_coords", "mask")
    permuted = network(**{k: x[:, order] if k in per_atom else x for k, x in crystals.items()})
    torch.testing.assert_close(permuted.coordinates, original.coordinates[:, order])
    torch.testing.assert_close(permuted.lattice, original.lattice)

    rotation = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    rotated = network(**{**crystals, "lattice": crystals["lattice"] @ rotation})
    torch.testing.assert_close(rotated.coordinates, original.coordinates)
    torch.testing.assert_close(rotated.lattice, original.lattice @ rotation)
    torch.testing.assert_close(rotated.energy, original.energy)


@pytest.mark.parametrize("networks", [LOOSE[0]], indirect=True)
def test_bfloat16_follows_float32(
    networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs
) -> None:
    network, inputs = networks[1], cast(crystals, torch.float32)
    exact = network(**inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = network(**inputs)
    objective(rough).backward()
    assert_relative(rough.energy.float(), exact.energy, 0.05)
    assert_relative(rough.coordinates.float(), exact.coordinates, 0.05)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("networks", [TIGHT], indirect=True)
def test_inference_without_gradients_gives_the_same_numbers(
    networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs
) -> None:
    network = networks[1]
    with torch.no_grad():
        inferred, energy = network(**crystals), network.energy(**crystals)
        scores, noise = network.denoise(**crystals)
    trained = network(**crystals)
    for mine, theirs in zip(heads(inferred), heads(trained), strict=True):
        torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(energy, trained.energy)
    torch.testing.assert_close(scores, trained.coordinates)
    torch.testing.assert_close(noise, trained.lattice)


def test_base_has_the_published_size() -> None:
    shapes = released_shapes(PUBLISHED_CONFIGS["base"])
    without_unread_heads = sum(
        torch.Size(shape).numel()
        for name, shape in shapes.items()
        if not name.startswith(("embedding_in.0", "node_embedding", "type_out", "scalar_out"))
    )
    assert round(without_unread_heads / 1e6, 1) == 25.2


@pytest.mark.parametrize("networks", [TIGHT], indirect=True)
def test_a_crystal_without_atoms_is_named(
    networks: tuple[nn.Module, PublishedCrysformer], crystals: Inputs
) -> None:
    crystals["mask"][3] = False
    with pytest.raises(InputError, match=r"\[3\]"):
        networks[1](**crystals)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="divide"):
        PublishedConfig(width=10, layers=1, heads=3, frequencies=2, time_features=4)
    with pytest.raises(InputError, match="at least 1"):
        PublishedConfig(width=8, layers=0, heads=2, frequencies=2, time_features=4)
