"""Lattices as six rotation-invariant numbers on a flat space: the logarithm of the stretch.

With lattice rows L = S R (R a rotation, S symmetric positive), S = (L L^T)^(1/2) and
log S = 1/2 log(L L^T). Its trace is the logarithm of the volume; one third of log N is taken from
the diagonal, so that crystals of different size share one scale.
"""

from __future__ import annotations

import torch
from torch import Tensor

_ROWS = (0, 1, 2, 0, 0, 1)
_COLUMNS = (0, 1, 2, 1, 2, 2)
_PLACES = (0, 3, 4, 3, 1, 5, 4, 5, 2)
"""Which of the six numbers stands at each of the nine places of the matrix."""
_LOG_LIMIT = 4.0
"""Stretches beyond e^4 times the scale of one atom occur in no crystal; eigenvalues are clamped."""


def log_stretch(lattice: Tensor, natoms: Tensor) -> Tensor:
    """Six numbers ``[B, 6]`` (xx, yy, zz, xy, xz, yz) of lattices ``[B, 3, 3]`` in angstrom."""
    eigenvalues, vectors = torch.linalg.eigh(lattice @ lattice.transpose(1, 2))
    log_eigenvalues = 0.5 * eigenvalues.clamp_min(1e-12).log() - natoms.log()[:, None] / 3
    matrix = vectors @ torch.diag_embed(log_eigenvalues) @ vectors.transpose(1, 2)
    return matrix[:, _ROWS, _COLUMNS]


def lattice_from_log_stretch(numbers: Tensor, natoms: Tensor) -> Tensor:
    """The symmetric lattice ``[B, 3, 3]`` (angstrom, positive volume) with that log-stretch.

    A row that is not finite gives a lattice of NaN and leaves the others alone.
    """
    finite = torch.isfinite(numbers).all(dim=1)
    numbers = torch.where(finite[:, None], numbers, torch.zeros_like(numbers))
    eigenvalues, vectors = torch.linalg.eigh(stretch_matrix(numbers))
    scaled = eigenvalues.clamp(-_LOG_LIMIT, _LOG_LIMIT) + natoms.log()[:, None] / 3
    lattice = vectors @ torch.diag_embed(scaled.exp()) @ vectors.transpose(1, 2)
    return torch.where(finite[:, None, None], lattice, torch.full_like(lattice, torch.nan))


def stretch_matrix(numbers: Tensor) -> Tensor:
    """The six numbers ``[B, 6]`` as symmetric matrices ``[B, 3, 3]``."""
    return numbers[:, _PLACES].unflatten(1, (3, 3))
