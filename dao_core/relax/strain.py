"""Strain coordinates: the cell as the exponential of a symmetric matrix.

With the lattice rows L = L0 exp(U), U symmetric, and Cartesian coordinates r = z exp(U), the
variables are z (atoms, in the undeformed reference) and U. A symmetric U cannot rotate the
crystal. The gradient to U follows from the derivative of the matrix exponential (Daleckii-Krein;
for general U see the Frechet cell filter of ASE).
"""

from __future__ import annotations

import torch
from torch import Tensor


def deformation(strain: Tensor) -> Tensor:
    """exp(U), the symmetric deformation, ``[..., 3, 3]``."""
    return torch.linalg.matrix_exp(strain)


def strain_gradient(strain: Tensor, stress: Tensor, volume: Tensor) -> Tensor:
    """dE/dU at fixed z.

    With E' = V sigma exp(-U) the derivative to exp(U), made symmetric, and U = Q diag(l) Q^T:
    dE/dU = Q (G * (Q^T E' Q)) Q^T, G_ij = (exp l_i - exp l_j) / (l_i - l_j).

    Args:
        strain: ``[A, 3, 3]`` U, symmetric.
        stress: ``[A, 3, 3]`` sigma, eV/angstrom^3 (dE/dstrain / V), symmetric.
        volume: ``[A]`` of the deformed cell, cubic angstrom.

    Returns:
        ``[A, 3, 3]`` eV, symmetric.
    """
    eigenvalues, vectors = torch.linalg.eigh(strain)
    by_deformation = volume[:, None, None] * torch.linalg.solve(deformation(strain), stress)
    by_deformation = (by_deformation + by_deformation.mT) / 2
    difference = eigenvalues[:, :, None] - eigenvalues[:, None, :]
    mean = (eigenvalues[:, :, None] + eigenvalues[:, None, :]) / 2
    # (e^a - e^b) / (a - b) = e^((a+b)/2) sinh(h) / h with h = (a - b) / 2, which is 1 at h = 0.
    half = difference / 2
    small = half.abs() < 1e-6
    ratio = torch.where(small, 1.0, torch.sinh(half) / torch.where(small, 1.0, half))
    kernel = torch.exp(mean) * ratio
    return vectors @ (kernel * (vectors.mT @ by_deformation @ vectors)) @ vectors.mT
