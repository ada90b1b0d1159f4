"""Named sizes of the network; one name is one published or ablated design."""

from __future__ import annotations

from dataclasses import dataclass

from dao_core.errors import InputError


@dataclass(frozen=True)
class CrysformerConfig:
    """Size of a Crysformer without edge normalisation (fused attention).

    Attributes:
        width: features per atom, H.
        layers: attention + feed-forward blocks.
        heads: attention heads; divides ``width``.
        frequencies: Fourier frequencies per axis, F, for the coordinate differences.
        radial: Gaussian basis functions for the minimum-image distance bias.
        cutoff: distance at which the last basis function sits, angstrom.
    """

    width: int
    layers: int
    heads: int
    frequencies: int
    radial: int = 24
    cutoff: float = 8.0


CONFIGS = {
    "tiny": CrysformerConfig(width=32, layers=2, heads=4, frequencies=4, radial=8),
    "small": CrysformerConfig(width=128, layers=5, heads=8, frequencies=16),
    "mini": CrysformerConfig(width=192, layers=6, heads=8, frequencies=16),
    "large": CrysformerConfig(width=256, layers=8, heads=8, frequencies=16),
    "base": CrysformerConfig(width=384, layers=9, heads=8, frequencies=32),
}
"""``small`` (1.6 million parameters) is for one kind of crystal and ``mini`` (4.3 million) for all
kinds, on CPUs; ``large`` (10 million) for minutes of a large GPU; ``base`` has the published width
and the published 25 million parameters: nine layers, because conditioning every block on time costs
parameters."""


def named_config(name: str) -> CrysformerConfig:
    """The configuration called ``name``.

    Raises:
        InputError: no such name; the message lists those that exist.
    """
    if name not in CONFIGS:
        raise InputError(f"unknown network size {name!r}; choose one of {', '.join(CONFIGS)}")
    return CONFIGS[name]
