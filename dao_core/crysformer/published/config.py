"""Sizes of the published network."""

from __future__ import annotations

from dataclasses import dataclass

from dao_core.errors import InputError


@dataclass(frozen=True)
class PublishedConfig:
    """Size of a published Crysformer.

    Attributes:
        width: features per atom, H.
        layers: attention + feed-forward blocks.
        heads: attention heads; divides ``width``.
        frequencies: Fourier frequencies per axis, F (0 included, as published).
        time_features: length of the sinusoidal time embedding.
    """

    width: int
    layers: int
    heads: int
    frequencies: int
    time_features: int

    def __post_init__(self) -> None:
        """Refuse sizes for which no network exists."""
        if min(self.width, self.layers, self.heads, self.frequencies) < 1:
            raise InputError(f"every size of a network is at least 1: {self}")
        if self.width % self.heads or self.time_features % 2 or self.time_features < 4:
            raise InputError(
                f"heads must divide the width, and time_features be even and at least 4: {self}"
            )


PUBLISHED_CONFIGS = {
    "base": PublishedConfig(width=384, layers=12, heads=8, frequencies=128, time_features=256),
    "mini": PublishedConfig(width=192, layers=6, heads=8, frequencies=32, time_features=128),
    "small": PublishedConfig(width=32, layers=2, heads=4, frequencies=6, time_features=8),
}
"""``base`` is the released size, ``mini`` is for CPUs, ``small`` for tests and examples."""


def named_config(name: str) -> PublishedConfig:
    """The configuration called ``name``.

    Raises:
        InputError: no such name; the message lists those that exist.
    """
    if name not in PUBLISHED_CONFIGS:
        raise InputError(
            f"the published network has no size {name!r}; choose one of "
            f"{', '.join(PUBLISHED_CONFIGS)}"
        )
    return PUBLISHED_CONFIGS[name]
