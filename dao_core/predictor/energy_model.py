"""The physical DAO-P: total energy, forces and stress of a batch of crystals.

Energy = per-element reference + network + analytic repulsion. Forces and stress are its exact
derivatives with respect to the neighbour vectors r_e (g_e = dE/dr_e): F_i collects g_e from the
edges that leave i minus those that arrive, and dE/dstrain = sum_e r_e (x) g_e.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER, CrystalBatch
from dao_core.predictor.config import PredictorConfig
from dao_core.predictor.doubt import Doubt, crystal_descriptors
from dao_core.predictor.image_sums import ImageSummer, PairScales
from dao_core.predictor.neighbours import Neighbours, half_neighbours
from dao_core.predictor.network import PhysicalCrysformer
from dao_core.predictor.repulsion import screened_repulsion


@dataclass(frozen=True)
class EnergyTerms:
    """What the model says of a batch.

    Attributes:
        member_energy: ``[B, M]`` total energy by each head, eV.
        energy: ``[B]`` their mean, eV.
        forces: ``[B, N, 3]`` eV/angstrom.
        stress: ``[B, 3, 3]`` eV/angstrom^3, ASE sign.
        features: ``[B, N, H]`` atom features, zero where padded, without gradient.
    """

    member_energy: Tensor
    energy: Tensor
    forces: Tensor
    stress: Tensor
    features: Tensor


class EnergyModel(nn.Module):
    """Per-element reference, network with several energy heads, and repulsion.

    ``reference[Z]`` is the energy of an atom of Z before the network speaks (eV);
    ``elemental_energy[Z]`` that of the Materials Project's elemental phase on the same scale, so
    that formation energies can be given. Neither is trained by gradient descent.
    """

    reference: Tensor
    elemental_energy: Tensor

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config
        self.scales = PairScales()
        self.summer = ImageSummer(config.radial, config.cutoff)
        self.network = PhysicalCrysformer(config)
        self.hidden = nn.Linear(config.width, config.members * config.width // 2)
        self.outputs = nn.Parameter(torch.zeros(config.members, config.width // 2))
        nn.init.normal_(self.outputs, std=0.05)
        self.doubt = Doubt(config.width)
        self.register_buffer("reference", torch.zeros(MAX_ATOMIC_NUMBER + 1))
        self.register_buffer("elemental_energy", torch.zeros(MAX_ATOMIC_NUMBER + 1))

    def atom_features(self, batch: CrystalBatch, edges: Neighbours, vectors: Tensor) -> Tensor:
        """Features per atom ``[B, N, H]`` of given neighbour vectors ``[E, 3]``."""
        b, n = batch.mask.shape
        geometry = self.scales(batch, edges, vectors)
        sums = self.summer((b, n), edges, vectors, geometry)
        return self.network(batch.atomic_numbers, batch.mask, sums)

    def member_energies(
        self, batch: CrystalBatch, edges: Neighbours, vectors: Tensor, features: Tensor
    ) -> Tensor:
        """Total energy of each crystal by each head, ``[B, M]``, eV."""
        hidden = nn.functional.silu(self.hidden(features)).unflatten(-1, self.outputs.shape)
        per_atom = (hidden * self.outputs).sum(-1) * batch.mask[..., None]
        repulsion = screened_repulsion(batch, edges, self.scales(batch, edges, vectors))
        fixed = self.reference[batch.atomic_numbers].sum(1) + repulsion
        return per_atom.sum(1) + fixed[:, None]

    def forward(self, batch: CrystalBatch, *, differentiable: bool = False) -> EnergyTerms:
        """Energies, forces and stresses.

        Args:
            batch: crystals.
            differentiable: keep the graph of forces and stress (for training on them).
        """
        edges = half_neighbours(batch, self.config.cutoff)
        vectors = edges.vectors.requires_grad_()
        with torch.enable_grad():
            features = self.atom_features(batch, edges, vectors)
            member_energy = self.member_energies(batch, edges, vectors, features)
            energy = member_energy.mean(dim=1)
            (gradient,) = torch.autograd.grad(
                energy.sum(), vectors, create_graph=differentiable, retain_graph=differentiable
            )
        if not differentiable:
            member_energy, energy = member_energy.detach(), energy.detach()
        return EnergyTerms(
            member_energy,
            energy,
            _forces(batch, edges, gradient),
            _stress(batch, edges, vectors.detach(), gradient),
            features.detach(),
        )

    @torch.no_grad()
    def energy_std(self, batch: CrystalBatch, terms: EnergyTerms) -> Tensor:
        """Standard deviation of the energy, ``[B]``, eV/atom (see ``doubt.py``)."""
        descriptors = crystal_descriptors(
            terms.features, batch.mask, terms.member_energy, terms.forces, terms.stress
        )
        return self.doubt.energy_std(descriptors)


def _forces(batch: CrystalBatch, edges: Neighbours, gradient: Tensor) -> Tensor:
    b, n = batch.mask.shape
    start = edges.crystal * n + edges.first
    end = edges.crystal * n + edges.second
    forces = gradient.new_zeros(b * n, 3)
    return forces.index_add(0, start, gradient).index_add(0, end, -gradient).view(b, n, 3)


def _stress(batch: CrystalBatch, edges: Neighbours, vectors: Tensor, gradient: Tensor) -> Tensor:
    outer = vectors[:, :, None] * gradient[:, None, :]
    virial = gradient.new_zeros(len(batch), 3, 3).index_add(0, edges.crystal, outer)
    return (virial + virial.transpose(1, 2)) / (2 * batch.volume[:, None, None])
