"""Fine-tuning of a property model: few labels, a trained backbone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch, unusable_reason
from dao_core.errors import InputError
from dao_core.predictor.energy_model import EnergyModel
from dao_core.predictor.property_model import PropertyEnsemble, PropertyModel
from dao_core.training.size_batches import SizeBatchSampler


@dataclass(frozen=True)
class PropertyTraining:
    """Settings of a fine-tuning.

    Attributes:
        epochs: passes over the labels.
        atoms_per_batch: padded atoms per batch.
        learning_rate: of the head; the backbone learns at a third of it.
        weight_decay: AdamW decay.
        seed: of head, order and initial weights.
    """

    epochs: int = 20
    atoms_per_batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    seed: int = 0


def fine_tune_property(
    backbone: EnergyModel,
    structures: Sequence[Structure],
    values: Sequence[float],
    settings: PropertyTraining | None = None,
) -> PropertyModel:
    """Fit any scalar per structure (for example log Tc) from a trained energy model.

    Args:
        backbone: a trained energy model; its weights are copied, not changed.
        structures: labelled crystals.
        values: one finite number each; the model speaks in the same unit.
        settings: see :class:`PropertyTraining`.

    Raises:
        InputError: there are fewer than two labels, or one is not finite.
    """
    settings = settings or PropertyTraining()
    targets = torch.tensor(list(values), dtype=torch.float32)
    if len(targets) < 2 or len(targets) != len(structures) or not torch.isfinite(targets).all():
        raise InputError(
            f"{len(structures)} structures with {len(targets)} labels: give one finite number "
            "for each of at least two structures"
        )
    torch.manual_seed(settings.seed)
    device = backbone.outputs.device
    model = PropertyModel(EnergyModel(backbone.config)).to(device)
    model.backbone.load_state_dict(backbone.state_dict())
    model.mean.copy_(targets.mean())
    model.std.copy_(targets.std().clamp_min(1e-6))
    _fit(model, structures, targets.to(device), settings)
    return model.eval()


def predict_property(
    model: PropertyModel | PropertyEnsemble,
    structures: Sequence[Structure],
    atoms_per_batch: int = 512,
) -> NDArray[np.float64]:
    """What the model, or each of its members, says: ``[n]`` or ``[n, M]``, in the label's unit.

    NaN for structures that cannot be evaluated.
    """
    usable = [i for i, s in enumerate(structures) if unusable_reason(s) is None]
    members = (len(model.members),) if isinstance(model, PropertyEnsemble) else ()
    result = np.full((len(structures), *members), np.nan)
    if not usable:
        return result
    crystals, device = [structures[i] for i in usable], next(model.parameters()).device
    for rows in _batches(crystals, atoms_per_batch, seed=0, epoch=0):
        with torch.no_grad():
            batch = CrystalBatch.from_structures([crystals[row] for row in rows], device)
            result[[usable[row] for row in rows]] = model(batch).double().cpu().numpy()
    return result


def _fit(
    model: PropertyModel,
    structures: Sequence[Structure],
    targets: torch.Tensor,
    settings: PropertyTraining,
) -> None:
    optimizer = torch.optim.AdamW(
        [
            {"params": model.head.parameters(), "lr": settings.learning_rate},
            {"params": model.backbone.parameters(), "lr": settings.learning_rate / 3},
        ],
        weight_decay=settings.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda epoch: 0.5 * (1 + math.cos(math.pi * epoch / settings.epochs))
    )
    for epoch in range(settings.epochs):
        for indices in _batches(structures, settings.atoms_per_batch, settings.seed, epoch):
            batch = CrystalBatch.from_structures([structures[i] for i in indices], targets.device)
            error = (model(batch) - targets[indices]) / model.std
            loss = torch.nn.functional.huber_loss(error, torch.zeros_like(error))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        schedule.step()


def _batches(
    structures: Sequence[Structure], atoms_per_batch: int, seed: int, epoch: int
) -> SizeBatchSampler:
    sampler = SizeBatchSampler([len(s) for s in structures], atoms_per_batch, seed)
    sampler.set_epoch(epoch)
    return sampler
