"""The per-edge network of ``benchmarks/per_edge.py``: the reference for the factorised one."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dao_core.crysformer.published.config import PUBLISHED_CONFIGS, PublishedConfig
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crysformer.published.released_layout import from_released

ROOT = Path(__file__).parents[3]


def per_edge_network(config: PublishedConfig, dtype: torch.dtype) -> nn.Module:
    spec = importlib.util.spec_from_file_location("per_edge", ROOT / "benchmarks" / "per_edge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(5)
    network = module.PerEdgeCrysformer(**asdict(config)).to(dtype)
    for name, parameter in network.named_parameters():
        if "norm" in name:  # ones and zeros would hide a misplaced norm weight
            parameter.data += 0.3 * torch.randn_like(parameter)
    return network


@pytest.fixture
def networks(request: pytest.FixtureRequest) -> tuple[nn.Module, PublishedCrysformer]:
    """Per-edge and factorised network with the same weights; parameter: (size, dtype)."""
    size, dtype = request.param
    config = PUBLISHED_CONFIGS[size]
    reference = per_edge_network(config, dtype)
    network = PublishedCrysformer(config).to(dtype)
    network.load_state_dict(from_released(reference.state_dict(), config))
    return reference, network


@pytest.fixture
def crystals() -> dict[str, Tensor]:
    """Five crystals of 1 to 13 atoms, padded; float64."""
    random = torch.Generator().manual_seed(3)
    mask = torch.arange(13)[None] < torch.tensor([13, 1, 5, 9, 2])[:, None]
    frac_coords = torch.rand(5, 13, 3, generator=random, dtype=torch.float64)
    noise = torch.randn(5, 3, 3, generator=random, dtype=torch.float64)
    return {
        "atomic_numbers": torch.randint(1, 100, (5, 13), generator=random) * mask,
        "frac_coords": frac_coords * mask[..., None],
        "lattice": noise + 4 * torch.eye(3, dtype=torch.float64),
        "mask": mask,
        "t": torch.tensor([0, 3, 500, 900, 1000]),
    }
