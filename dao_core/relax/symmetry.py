"""The symmetry of a crystal at the start, imposed on every gradient of its relaxation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import spglib
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor

from dao_core.errors import InputError

SYMPREC = 0.01
"""Angstrom, within which atoms count as equivalent at the start."""


@dataclass(frozen=True)
class Symmetry:
    """The space-group operations of one crystal as they act on Cartesian vectors.

    Both parts are unchanged by any strain that keeps the symmetry and by the choice of cell.

    Attributes:
        rotations: ``[G, 3, 3]`` orthogonal matrices R, r' = R r.
        images: ``[G, n]`` the atom onto which each atom is carried.
    """

    rotations: Tensor
    images: Tensor

    def project_vectors(self, vectors: Tensor) -> Tensor:
        """The symmetric part of one vector per atom, ``[n, 3]``."""
        carried = torch.einsum("gij,nj->gni", self.rotations, vectors)
        total = torch.zeros_like(vectors)
        total.index_add_(0, self.images.flatten(), carried.flatten(0, 1))
        return total / len(self.rotations)

    def project_tensor(self, tensor: Tensor) -> Tensor:
        """The symmetric part of a tensor of second rank, ``[3, 3]``."""
        return torch.einsum("gij,jk,glk->il", self.rotations, tensor, self.rotations) / len(
            self.rotations
        )


def symmetrised_start(structure: Structure) -> tuple[Structure, Symmetry]:
    """Move a crystal exactly onto its symmetry, in its own cell, and give its operations.

    Raises:
        InputError: spglib finds no space group, or not one atom for each image.
    """
    numbers = np.array(structure.atomic_numbers)
    frac_coords, matrix = structure.frac_coords, structure.lattice.matrix
    cell: Any = (matrix, frac_coords, numbers)  # spglib's hints want sequences
    try:  # spglib answers None or raises, by a process-wide switch that other packages set
        dataset = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    except spglib.SpglibError:
        dataset = None
    if dataset is None:
        raise InputError("spglib finds no space group; relax without fixed symmetry")
    rotations, translations = np.asarray(dataset.rotations), np.asarray(dataset.translations)
    matrix = _symmetric_lattice(matrix, rotations)
    carried = np.einsum("gij,nj->gni", rotations, frac_coords) + translations[:, None]
    images = _images(carried, frac_coords, numbers, matrix)
    frac_coords = _symmetric_coords(carried, frac_coords, images)
    cartesian = matrix.T @ rotations @ np.linalg.inv(matrix.T)
    symmetrised = Structure(Lattice(matrix), structure.species, frac_coords)
    return symmetrised, Symmetry(torch.as_tensor(cartesian), torch.as_tensor(images))


def _symmetric_lattice(matrix: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """The lattice with the mean metric W^T G W, reached by a stretch without rotation."""
    metric = np.mean(rotations.transpose(0, 2, 1) @ (matrix @ matrix.T) @ rotations, axis=0)
    inverse = np.linalg.inv(matrix)
    eigenvalues, vectors = np.linalg.eigh(inverse @ metric @ inverse.T)
    return matrix @ (vectors * np.sqrt(eigenvalues)) @ vectors.T


def _images(
    carried: np.ndarray, frac_coords: np.ndarray, numbers: np.ndarray, matrix: np.ndarray
) -> np.ndarray:
    difference = carried[:, :, None] - frac_coords[None, None]
    distances = np.linalg.norm((difference - np.rint(difference)) @ matrix, axis=-1)
    distances[:, numbers[:, None] != numbers[None]] = np.inf
    images = distances.argmin(axis=-1)
    if (np.sort(images, axis=1) != np.arange(len(numbers))).any():
        raise InputError(
            "the symmetry operations do not map atoms one to one; relax without fixed symmetry"
        )
    return images


def _symmetric_coords(
    carried: np.ndarray, frac_coords: np.ndarray, images: np.ndarray
) -> np.ndarray:
    total = np.zeros_like(frac_coords)
    for positions, image in zip(carried, images, strict=True):
        deviation = positions - frac_coords[image]
        total[image] += deviation - np.rint(deviation)
    return frac_coords + total / len(images)
