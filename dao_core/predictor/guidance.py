"""The time-conditioned energy that guides DAO-G: low where noisy crystals end up stable."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from dao_core.checkpoints.format import load_checkpoint, load_weights, read_card, reading_card
from dao_core.crysformer.config import CrysformerConfig, named_config
from dao_core.crysformer.network import LATTICE_FEATURES, Crysformer
from dao_core.crysformer.published.model_file import KIND as PUBLISHED_KIND
from dao_core.crysformer.published.model_file import load_published
from dao_core.crystal.batch import CrystalBatch
from dao_core.devices import default_device
from dao_core.generator.flow_matching import wrap
from dao_core.generator.guidance import NoisyEnergy
from dao_core.generator.log_stretch import (
    lattice_from_log_stretch,
    log_stretch,
    stretch_matrix,
)
from dao_core.generator.velocity import centred

KIND = "dao-p-guidance"


class GuidanceEnergy(nn.Module):
    """E_theta(M_t, t) in standard deviations of the label it was trained on.

    Time runs as in flow matching: 0 is noise, 1 is a clean crystal. ``stretch_mean`` and
    ``stretch_std`` ``[6]`` normalise the log-stretch as the generator does; ``trained`` is False
    until training has set it, and sampling refuses an untrained energy.
    """

    stretch_mean: Tensor
    stretch_std: Tensor
    trained: Tensor
    process: Literal["flow"] = "flow"

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
        return self._energy(
            batch.atomic_numbers,
            batch.frac_coords,
            batch.lattice,
            self.stretch(batch),
            batch.mask,
            t,
        )

    def _energy(
        self,
        atomic_numbers: Tensor,
        frac_coords: Tensor,
        lattice: Tensor,
        stretch: Tensor,
        mask: Tensor,
        t: Tensor,
    ) -> Tensor:
        nodes = self.backbone(atomic_numbers, frac_coords, lattice, stretch, mask, t)
        pooled = nodes.sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return self.head(pooled).squeeze(-1).to(lattice.dtype)

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

    @property
    def energy_trained(self) -> bool:
        """Whether the weights were ever trained; guiding with others would be noise."""
        return bool(self.trained)

    def energy(
        self, atomic_numbers: Tensor, frac_coords: Tensor, lattice: Tensor, mask: Tensor, t: Tensor
    ) -> Tensor:
        """The same, for sampling: differentiable in coordinates and ``lattice``.

        Args:
            atomic_numbers: ``[B, N]`` int64, 0 where padded.
            frac_coords: ``[B, N, 3]``.
            lattice: ``[B, 6]``, the log-stretch. (An eigenvalue decomposition between the two has
                no gradient for cubic cells; the matrix exponential here has.)
            mask: ``[B, N]`` bool.
            t: ``[B]``.
        """
        stretch = (lattice - self.stretch_mean) / self.stretch_std
        matrix = stretch_matrix(lattice)
        edge = mask.sum(dim=1).to(lattice.dtype).pow(1 / 3)[:, None, None]
        rows = edge * torch.linalg.matrix_exp(matrix)
        return self._energy(atomic_numbers, frac_coords, rows, stretch, mask, t)


def load_guidance(path: Path, device: torch.device | str = "cpu") -> GuidanceEnergy:
    """Load a guidance energy that ``train_guidance`` wrote.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    tensors, card = load_checkpoint(path, KIND)
    with reading_card(path):
        guidance = GuidanceEnergy(named_config(card["config"]))
    load_weights(guidance, tensors, path)
    return guidance.requires_grad_(requires_grad=False).eval().to(device)


def load_noisy_energy(path: Path, device: torch.device | str | None = None) -> NoisyEnergy:
    """Load whatever can guide: our own guidance energy, or an imported predictor.

    Args:
        path: the model file.
        device: that of the generator; by default see :func:`dao_core.devices.default_device`.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, or holds a model that cannot guide.
    """
    device = device or default_device()
    if path.is_file() and read_card(path).get("kind") == PUBLISHED_KIND:
        return load_published(path, device).network
    return load_guidance(path, device)
