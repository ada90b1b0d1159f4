"""Fitting of the doubt: expected errors from labels on which the network was not trained."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dao_core.predictor.doubt import Doubt, crystal_descriptors
from dao_core.predictor.energy_model import EnergyModel
from dao_core.training.predictor_labels import LabelSet
from dao_core.training.size_batches import SizeBatchSampler

ATOMS_PER_BATCH = 512
STEPS = 400
SMALLEST_ERROR = 1e-3
"""eV/atom; smaller errors are luck, and their logarithm would rule the fit."""


def fit_doubt(model: EnergyModel, unseen: LabelSet, judge: LabelSet, seed: int = 0) -> None:
    """Fit ``model.doubt`` by the likelihood of a Laplace law; all other weights stay.

    Args:
        model: a trained energy model.
        unseen: labels that did not take part in training.
        judge: more such labels, of other formulas: they choose when to stop and set the scale.
        seed: of the initial weights.
    """
    torch.manual_seed(seed)
    descriptors, errors = absolute_errors_of(model, unseen)
    judged_descriptors, judged_errors = absolute_errors_of(model, judge)
    doubt = Doubt(model.config.width).to(descriptors)
    optimizer = torch.optim.AdamW(doubt.parameters(), lr=3e-3, weight_decay=0.1)
    best, best_state = float("inf"), doubt.state_dict()
    for _ in range(STEPS):
        optimizer.zero_grad()
        laplace_loss(doubt(descriptors), errors).backward()
        optimizer.step()
        with torch.no_grad():
            logarithm = doubt(judged_descriptors)
            loss = float(laplace_loss(logarithm - _shift(logarithm, judged_errors), judged_errors))
        if loss < best:
            best = loss
            best_state = {name: tensor.clone() for name, tensor in doubt.state_dict().items()}
    doubt.load_state_dict(best_state)
    with torch.no_grad():
        doubt.offset.sub_(_shift(doubt(judged_descriptors), judged_errors))
    model.doubt.load_state_dict(doubt.state_dict())


def laplace_loss(logarithm: Tensor, errors: Tensor) -> Tensor:
    """Mean negative log-likelihood of errors under Laplace laws of scale exp(logarithm)."""
    return (logarithm + errors.clamp_min(SMALLEST_ERROR) * torch.exp(-logarithm)).mean()


def absolute_errors_of(model: EnergyModel, labels: LabelSet) -> tuple[Tensor, Tensor]:
    """Descriptors ``[S, D]`` and absolute energy errors ``[S]`` (eV/atom) of all labels."""
    sampler = SizeBatchSampler(labels.arrays["natoms"].tolist(), ATOMS_PER_BATCH, seed=0)
    descriptors, errors = [], []
    for indices in sampler:
        batch = labels.collate(indices)
        terms = model(batch.crystals)
        mask = batch.crystals.mask
        descriptors.append(
            crystal_descriptors(
                terms.features, mask, terms.member_energy, terms.forces, terms.stress
            )
        )
        errors.append(((terms.energy - batch.energy) / batch.crystals.natoms).abs())
    return torch.cat(descriptors), torch.cat(errors)


def _shift(logarithm: Tensor, errors: Tensor) -> Tensor:
    """What to subtract so that expected and found errors agree for the central 95 %."""
    ratio = torch.sort(errors * torch.exp(-logarithm)).values
    central = ratio[: max(1, int(0.95 * len(ratio)))]
    # of an exponential law of mean one, the lower 95 % have the mean 1 + 0.05 ln(0.05) / 0.95
    return -torch.log(central.mean() / (1 + 0.05 * np.log(0.05) / 0.95))
