"""The exp-energy loss: how a network learns the energy that guides generation at every noise level.

For noisy crystals M_t with clean label y, minimising E |exp(-E_theta(M_t, t)) - exp(-y)|^2 gives
E_theta(M_t, t) = -log E[exp(-y(M_0)) | M_t], the exact intermediate energy of sampling from
p(M) exp(-y(M)) (Lu et al., ICML 2023; Wu et al., DAO, Nat. Commun. 2026).
"""

from __future__ import annotations

import torch
from torch import Tensor

LOWEST_TARGET = -2.0
LOWEST_ENERGY = -6.0
"""Standardised energies below these are clipped: exp(-y) would be ruled by a few outliers, and an
early prediction far below every target would overflow."""


def exp_energy_loss(energy: Tensor, target: Tensor, lowest_target: float = LOWEST_TARGET) -> Tensor:
    """Mean squared difference of exp(-energy) and exp(-target).

    Args:
        energy: ``[B]`` predicted E_theta(M_t, t), in standard deviations of the target.
        target: ``[B]`` standardised label of the clean crystal.
        lowest_target: targets below it are raised to it.

    Returns:
        The loss, a scalar.
    """
    predicted = torch.exp(-energy.clamp_min(LOWEST_ENERGY))
    wanted = torch.exp(-target.clamp_min(lowest_target))
    return (predicted - wanted).square().mean()
