"""What a space group leaves free in a crystal, as linear maps in the basis of its own cell.

Fractional displacements d keep the occupied orbits when ``d_g(i) = W_g d_i``, and a metric
``G = L L^T`` keeps the lattice when ``W^T G W = G``, for every operation (W, w) of the group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from pymatgen.core import Structure
from torch import Tensor

from dao_core.relax.symmetry import symmetrised_start


@dataclass(frozen=True)
class OrbitMaps:
    """The maps of one crystal of ``n`` atoms.

    Attributes:
        frac_coords: ``[n, 3]``, moved exactly onto the symmetry.
        projection: ``[3n, 3n]``, the part of displacements that keeps the orbits.
        noise: ``[3n, 3n]``, takes independent noise per atom to noise that keeps the orbits: the
            first atom of each orbit moves by its own within its free directions and carries the
            others along. (The mean over the orbit, ``projection``, would shrink the noise.)
        metric: ``[9, 9]``, the mean of ``W^T G W`` over the operations, on flattened metrics.
    """

    frac_coords: Tensor
    projection: Tensor
    noise: Tensor
    metric: Tensor


def orbit_maps(crystal: Structure) -> OrbitMaps:
    """The maps of a crystal's own space group, found at the tolerance of fixed symmetry.

    Raises:
        InputError: spglib finds no space group, or not one atom for each image.
    """
    crystal, symmetry = symmetrised_start(crystal)
    basis = crystal.lattice.matrix.T
    rotations = np.rint(np.linalg.inv(basis) @ symmetry.rotations.numpy() @ basis)
    images = symmetry.images.numpy()
    operations, n = images.shape
    atoms = np.arange(n)
    projection = np.zeros((n, 3, n, 3))
    metric = np.zeros((9, 9))
    for rotation, image in zip(rotations, images, strict=True):
        projection[image, :, atoms, :] += rotation / operations
        metric += np.kron(rotation.T, rotation.T) / operations
    first = images.min(axis=0)
    by = (images[:, first] == atoms).argmax(axis=0)
    carried = np.zeros((n, 3, n, 3))
    carried[atoms, :, first, :] = rotations[by]
    flat = (projection.reshape(3 * n, 3 * n), carried.reshape(3 * n, 3 * n))
    return OrbitMaps(
        frac_coords=torch.tensor(crystal.frac_coords % 1.0).float(),
        projection=torch.tensor(flat[0]).float(),
        noise=torch.tensor(flat[0] @ flat[1]).float(),
        metric=torch.tensor(metric).float(),
    )
