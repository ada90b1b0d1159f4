"""The velocity network of flow matching: Crysformer with a coordinate and a lattice head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dao_core.crysformer.config import CrysformerConfig
from dao_core.crysformer.network import LATTICE_FEATURES, Crysformer
from dao_core.devices import full_precision
from dao_core.generator.log_stretch import lattice_from_log_stretch


class VelocityNetwork(nn.Module):
    """Velocities of the fractional coordinates and of the normalised log-stretch.

    ``stretch_mean`` and ``stretch_std`` ``[6]`` normalise the log-stretch over the training set,
    so that noise of unit variance has the scale of the data.
    """

    stretch_mean: Tensor
    stretch_std: Tensor

    def __init__(self, config: CrysformerConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Crysformer(config)
        self.coordinate_head = nn.Linear(config.width, 3, bias=False)
        self.lattice_head = nn.Sequential(
            nn.Linear(config.width, config.width),
            nn.SiLU(),
            nn.Linear(config.width, LATTICE_FEATURES),
        )
        nn.init.zeros_(self.coordinate_head.weight)  # the first guess is no motion
        self.register_buffer("stretch_mean", torch.zeros(LATTICE_FEATURES))
        self.register_buffer("stretch_std", torch.ones(LATTICE_FEATURES))

    def lattice(self, stretch: Tensor, natoms: Tensor) -> Tensor:
        """The lattice ``[B, 3, 3]`` (angstrom) of a normalised log-stretch ``[B, 6]``."""
        with full_precision(stretch):
            return lattice_from_log_stretch(stretch * self.stretch_std + self.stretch_mean, natoms)

    def forward(
        self, atomic_numbers: Tensor, frac_coords: Tensor, stretch: Tensor, mask: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Velocities at time ``t``.

        Args:
            atomic_numbers: ``[B, N]`` int64, 0 where padded.
            frac_coords: ``[B, N, 3]``.
            stretch: ``[B, 6]`` normalised log-stretch.
            mask: ``[B, N]`` bool.
            t: ``[B]``, 0 is noise and 1 is data.

        Returns:
            Coordinate velocity ``[B, N, 3]`` with zero mean over each crystal (a common shift of
            all atoms is no motion) and stretch velocity ``[B, 6]``.
        """
        natoms = mask.sum(dim=1).to(stretch.dtype)
        lattice = self.lattice(stretch, natoms)
        nodes = self.backbone(atomic_numbers, frac_coords, lattice, stretch, mask, t)
        velocity = centred(self.coordinate_head(nodes).to(stretch.dtype), mask)
        pooled = nodes.sum(dim=1) / natoms[:, None]
        return velocity, self.lattice_head(pooled).to(stretch.dtype)


def centred(vectors: Tensor, mask: Tensor) -> Tensor:
    """``vectors`` ``[B, N, 3]`` minus their mean over the real atoms; zero where padded."""
    weight = mask[..., None].to(vectors.dtype)
    mean = (vectors * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
    return (vectors - mean) * weight
