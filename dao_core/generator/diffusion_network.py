"""What diffusion asks of a network, and our own Crysformer answering it."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from dao_core.crysformer.config import CrysformerConfig
from dao_core.crysformer.network import LATTICE_FEATURES, Crysformer
from dao_core.generator.diffusion_schedule import PUBLISHED_STEPS
from dao_core.generator.log_stretch import log_stretch


class Denoiser(Protocol):
    """A network that diffusion can sample with; the published Crysformer is one."""

    def denoise(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Noise at step ``t``.

        Args:
            atomic_numbers: ``[B, N]`` int64, 0 where padded.
            frac_coords: ``[B, N, 3]`` noisy.
            lattice: ``[B, 3, 3]`` noisy, angstrom.
            mask: ``[B, N]`` bool.
            t: ``[B]`` step, 1 to T.

        Returns:
            ``[B, N, 3]``, -grad log p_t / sqrt(lambda_t) of the coordinates; ``[B, 3, 3]``, the
            unit noise in the lattice.
        """
        ...


class DenoisingNetwork(nn.Module):
    """Crysformer (fused attention) with the published heads: coordinates, and M L."""

    stretch_mean: Tensor
    stretch_std: Tensor

    def __init__(self, config: CrysformerConfig, steps: int = PUBLISHED_STEPS) -> None:
        super().__init__()
        self.config, self.steps = config, steps
        self.backbone = Crysformer(config)
        self.coordinate_head = nn.Linear(config.width, 3, bias=False)
        self.lattice_head = nn.Linear(config.width, 9, bias=False)
        self.register_buffer("stretch_mean", torch.zeros(LATTICE_FEATURES))
        self.register_buffer("stretch_std", torch.ones(LATTICE_FEATURES))

    def denoise(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As :meth:`Denoiser.denoise`."""
        natoms = mask.sum(dim=1).to(lattice.dtype)
        stretch = (log_stretch(lattice, natoms) - self.stretch_mean) / self.stretch_std
        time = t.to(lattice.dtype) / self.steps
        nodes = self.backbone(atomic_numbers, frac_coords, lattice, stretch, mask, time)
        pooled = nodes.sum(dim=1) / natoms[:, None]
        scores = self.coordinate_head(nodes).to(lattice.dtype) * mask[..., None]
        return scores, self.lattice_head(pooled).view(-1, 3, 3).to(lattice.dtype) @ lattice
