"""The time-conditioned energy that guides DAO-G: low where noisy crystals end up stable."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from dao_core.checkpoints.format import load_checkpoint, load_weights
from dao_core.crysformer.config import CrysformerConfig, named_config
from dao_core.crysformer.network import LATTICE_FEATURES, Crysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import CheckpointError
from dao_core.generator.flow_matching import wrap
from dao_core.generator.log_stretch import lattice_from_log_stretch, log_stretch
from dao_core.generator.velocity import centred

KIND = "dao-p-guidance"


class GuidanceEnergy(nn.Module):
    """E_theta(M_t, t) in standard deviations of the label it was trained on.

    Time runs as in flow matching: 0 is noise, 1 is a clean crystal. ``stretch_mean`` and
    ``stretch_std`` ``[6]`` normalise the log-stretch as the generator does; ``trained`` is False
    until training has set it, and an untrained energy refuses to guide.
    """

    stretch_mean: Tensor
    stretch_std: Tensor
    trained: Tensor

    def __init__(self, config: CrysformerConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Crysformer(config)
        self.head = nn.Sequential(
            nn.Linear(config.width, config.width), nn.SiLU(), nn.Linear(config.width, 1)
        )
        self.register_buffer("stretch_mean", torch.zeros(LATTICE_FEATURES))
        self.register_buffer("stretch_std", torch.ones(LATTICE_FEATURES))
        self.register_buffer("trained", torch.tensor(0.0))

    def forward(self, batch: CrystalBatch, t: Tensor) -> Tensor:
        """Energy of each crystal at time ``t`` ``[B]``, ``[B]``."""
        natoms = batch.natoms.to(batch.lattice.dtype)
        stretch = self.stretch(batch)
        nodes = self.backbone(
            batch.atomic_numbers, batch.frac_coords, batch.lattice, stretch, batch.mask, t
        )
        pooled = nodes.sum(dim=1) / natoms[:, None]
        return self.head(pooled).squeeze(-1).to(batch.lattice.dtype)

    def stretch(self, batch: CrystalBatch) -> Tensor:
        """Normalised log-stretch of each lattice, ``[B, 6]``."""
        natoms = batch.natoms.to(batch.lattice.dtype)
        return (log_stretch(batch.lattice, natoms) - self.stretch_mean) / self.stretch_std

    def noisy(self, batch: CrystalBatch, t: Tensor, generator: torch.Generator) -> CrystalBatch:
        """Clean crystals carried back to time ``t`` ``[B]`` of the paths of flow matching.

        Args:
            batch: clean crystals in Niggli cells.
            t: ``[B]``, 0 is noise and 1 leaves the crystals as they are.
            generator: source of the noise, on the batch's device.
        """
        device, dtype = batch.lattice.device, batch.lattice.dtype
        shape = batch.frac_coords.shape
        start = torch.rand(shape, generator=generator, device=device, dtype=dtype)
        way = centred(wrap(batch.frac_coords - start), batch.mask)
        stretch = self.stretch(batch)
        noise = torch.randn(stretch.shape, generator=generator, device=device, dtype=dtype)
        stretch_t = (noise + t[:, None] * (stretch - noise)) * self.stretch_std + self.stretch_mean
        return CrystalBatch(
            batch.atomic_numbers,
            (batch.frac_coords - (1 - t[:, None, None]) * way) % 1.0,
            lattice_from_log_stretch(stretch_t, batch.natoms.to(batch.lattice.dtype)),
            batch.mask,
        )

    def energy(self, batch: CrystalBatch, t: Tensor) -> Tensor:
        """The same, for sampling: differentiable in ``batch.frac_coords`` and ``batch.lattice``.

        Raises:
            CheckpointError: the weights were never trained; guiding with them would be noise.
        """
        if not bool(self.trained):
            raise CheckpointError(
                "this guidance energy was never trained; load one with load_guidance or train one"
            )
        return self(batch, t)


def load_guidance(path: Path, device: torch.device | str = "cpu") -> GuidanceEnergy:
    """Load a guidance energy that ``train_guidance`` wrote.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    tensors, card = load_checkpoint(path, KIND)
    guidance = GuidanceEnergy(named_config(card["config"]))
    load_weights(guidance, tensors, path)
    return guidance.requires_grad_(requires_grad=False).eval().to(device)
