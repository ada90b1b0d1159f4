"""Named sizes of the physical predictor."""

from __future__ import annotations

from dataclasses import dataclass

from dao_core.errors import InputError


@dataclass(frozen=True)
class PredictorConfig:
    """Size of the physical DAO-P.

    Attributes:
        width: scalar features per atom, H.
        tensor_width: channels of the vector and rank-2 features.
        layers: interaction layers.
        scalar_heads: attention heads of the scalar messages; divides ``width``.
        tensor_heads: attention heads of the others; divides ``tensor_width``.
        head_width: features of a query or key.
        radial: radial functions of each of the two bases.
        cutoff: reach of the image sums, angstrom.
        members: energy heads, whose spread is the uncertainty.
    """

    width: int
    tensor_width: int
    layers: int
    scalar_heads: int = 16
    tensor_heads: int = 8
    head_width: int = 4
    radial: int = 8
    cutoff: float = 6.0
    members: int = 4


CONFIGS = {
    "tiny-physical": PredictorConfig(width=32, tensor_width=8, layers=2, scalar_heads=8, radial=4),
    "mini-physical": PredictorConfig(width=128, tensor_width=32, layers=3),
    "base-physical": PredictorConfig(
        width=384, tensor_width=96, layers=6, scalar_heads=32, tensor_heads=16
    ),
}


def named_config(name: str) -> PredictorConfig:
    """The configuration called ``name``.

    Raises:
        InputError: no such name; the message lists those that exist.
    """
    if name not in CONFIGS:
        raise InputError(f"unknown predictor size {name!r}; choose one of {', '.join(CONFIGS)}")
    return CONFIGS[name]
