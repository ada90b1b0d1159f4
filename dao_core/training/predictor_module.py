"""The physical DAO-P as a Lightning module: losses on energy, forces and stress."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor

from dao_core.predictor.config import named_config
from dao_core.predictor.energy_model import EnergyModel, EnergyTerms
from dao_core.training.predictor_labels import EnergyLabels
from dao_core.training.predictor_settings import PredictorTraining
from dao_core.training.run import scheduled

TYPICAL_FORCE = 2.0
TYPICAL_STRESS = 0.3
"""Structures with larger forces (eV/angstrom) or stresses (eV/angstrom^3) count less."""
HUBER = {"energy": 0.05, "forces": 0.1, "stress": 0.01}
"""Where each loss turns from quadratic to linear, in its own unit."""


class PredictorModule(lightning.LightningModule):
    """An energy model with its losses, optimiser and schedule."""

    def __init__(self, settings: PredictorTraining) -> None:
        super().__init__()
        self.settings = settings
        self.model = EnergyModel(named_config(settings.size))

    def training_step(self, labels: EnergyLabels, _index: int) -> Tensor:
        """Loss of one batch."""
        terms = self.model(labels.crystals, differentiable=True)
        losses = predictor_losses(terms, labels)
        settings = self.settings
        total = (
            settings.energy_weight * losses["energy"]
            + settings.force_weight * losses["forces"]
            + settings.stress_weight * losses["stress"]
        )
        size = len(labels.crystals)
        self.log_dict(losses, on_epoch=True, on_step=True, batch_size=size, sync_dist=True)
        return total

    def validation_step(self, labels: EnergyLabels, _index: int) -> None:
        """Mean absolute errors on held-out labels."""
        errors = absolute_errors(self.model(labels.crystals), labels)
        parts = {f"val_{name}": value for name, value in errors.items()}
        self.log_dict(parts, batch_size=len(labels.crystals), sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW under the shared schedule; the doubt is fitted later."""
        settings = self.settings
        trained = [p for name, p in self.model.named_parameters() if not name.startswith("doubt.")]
        optimizer = torch.optim.AdamW(
            trained, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return scheduled(self, optimizer, settings)


def predictor_losses(terms: EnergyTerms, labels: EnergyLabels) -> dict[str, Tensor]:
    """Weighted Huber losses of energy per atom, force components and stress components.

    Structures far from equilibrium weigh less, so that they shape the landscape without setting
    its scale. Each energy head sees its own fixed half of the samples.
    """
    batch = labels.crystals
    weight = _structure_weights(labels)
    natoms = batch.natoms
    target = (labels.energy / natoms)[:, None]
    share = _member_shares(labels.index, terms.member_energy.shape[1]).to(weight)
    mean_error = _huber(terms.energy[:, None] / natoms[:, None] - target, "energy")
    member_error = _huber(terms.member_energy / natoms[:, None] - target, "energy")
    energy = mean_error.squeeze(1) + (share * member_error).mean(dim=1)
    # 0 where a label is not known, because its NaN would reach the gradient through a mask
    force_gap = (terms.forces - labels.forces.nan_to_num()) * torch.isfinite(labels.forces)
    stress_gap = (terms.stress - labels.stress.nan_to_num()) * torch.isfinite(labels.stress)
    force_error = _huber(force_gap, "forces").sum((1, 2)) / (3 * natoms)
    stress_error = _huber(stress_gap, "stress").mean((1, 2))
    total = weight.sum()
    return {
        "energy": (weight * energy).sum() / total,
        "forces": (weight * force_error).sum() / total,
        "stress": (weight * stress_error).sum() / total,
    }


def absolute_errors(terms: EnergyTerms, labels: EnergyLabels) -> dict[str, Tensor]:
    """Mean absolute errors: energy (eV/atom), forces (eV/angstrom), stress (eV/angstrom^3)."""
    batch = labels.crystals
    mask = batch.mask[..., None].expand_as(terms.forces)
    return {
        "energy": ((terms.energy - labels.energy) / batch.natoms).abs().mean(),
        "forces": (terms.forces - labels.forces)[mask].abs().mean(),
        "stress": (terms.stress - labels.stress).abs().mean(),
    }


def _huber(error: Tensor, kind: str) -> Tensor:
    """Huber loss over its threshold: slope one for large errors."""
    delta = HUBER[kind]
    zero = torch.zeros_like(error)
    return torch.nn.functional.huber_loss(error, zero, delta=delta, reduction="none") / delta


def _structure_weights(labels: EnergyLabels) -> Tensor:
    squared = labels.forces.nan_to_num().square().sum((1, 2))
    force = (squared / labels.crystals.natoms).sqrt()
    stress = labels.stress.nan_to_num().square().sum((1, 2)).sqrt()
    return 1 / (1 + force / TYPICAL_FORCE + stress / TYPICAL_STRESS)


def _member_shares(index: Tensor, members: int) -> Tensor:
    """0 or 2 for each sample and head, ``[B, M]``: a fixed pseudo-random half for every head."""
    member = torch.arange(members, device=index.device)
    mixed = (index[:, None] * 2654435761 + member * 40503 + 12345) * 2246822519 % 4294967296
    return 2.0 * ((mixed >> 15) & 1)
