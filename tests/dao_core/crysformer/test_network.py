"""Symmetries of the network: permutation, translation, rotation, padding."""

from __future__ import annotations

import pytest
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor

from dao_core.crysformer.config import named_config
from dao_core.crysformer.geometry import minimum_image_distances
from dao_core.crysformer.network import Crysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError


@pytest.fixture(scope="module")
def network() -> Crysformer:
    torch.manual_seed(1)
    network = Crysformer(named_config("tiny")).double()
    for parameter in network.parameters():  # the gates start at zero and would hide everything
        torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.fixture
def batch() -> CrystalBatch:
    perovskite = Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(3.9), ["Sr", "Ti", "O"], [[0, 0, 0], [0.5] * 3, [0.5, 0.5, 0]]
    )
    perovskite.perturb(0.1)
    salt = Structure(
        Lattice.from_parameters(4.0, 4.1, 4.3, 62, 61, 65), ["Na", "Cl"], [[0] * 3, [0.5] * 3]
    )
    return CrystalBatch.from_structures([perovskite, salt], dtype=torch.float64)


def encode(network: Crysformer, batch: CrystalBatch) -> Tensor:
    size = len(batch)
    features = torch.linspace(-1, 1, 6 * size, dtype=torch.float64).view(size, 6)
    t = torch.linspace(0.2, 0.8, size, dtype=torch.float64)
    return network(batch.atomic_numbers, batch.frac_coords, batch.lattice, features, batch.mask, t)


def test_permutation_of_atoms_permutes_features(network: Crysformer, batch: CrystalBatch) -> None:
    order = torch.tensor([4, 2, 0, 1, 3])
    permuted = CrystalBatch(
        batch.atomic_numbers[:, order],
        batch.frac_coords[:, order],
        batch.lattice,
        batch.mask[:, order],
    )
    torch.testing.assert_close(encode(network, permuted), encode(network, batch)[:, order])


def test_translation_and_rotation_change_nothing(network: Crysformer, batch: CrystalBatch) -> None:
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))
    moved = CrystalBatch(
        batch.atomic_numbers,
        (batch.frac_coords + torch.tensor([0.31, -0.77, 1.4])) % 1.0,
        batch.lattice @ rotation,
        batch.mask,
    )
    torch.testing.assert_close(encode(network, moved), encode(network, batch), rtol=1e-7, atol=1e-9)


def test_padding_changes_nothing(network: Crysformer, batch: CrystalBatch) -> None:
    alone = batch.select([1])
    features = torch.linspace(-1, 1, 12, dtype=torch.float64).view(2, 6)[1:]
    t = torch.tensor([0.8], dtype=torch.float64)
    nodes = network(alone.atomic_numbers, alone.frac_coords, alone.lattice, features, alone.mask, t)
    together = encode(network, batch)
    torch.testing.assert_close(nodes[0], together[1, :2])
    assert together[1, 2:].abs().max() == 0


def test_minimum_image_distances_agree_with_pymatgen(batch: CrystalBatch) -> None:
    for row, structure in enumerate(batch.to_structures()):
        n = len(structure)
        ours = minimum_image_distances(batch.frac_coords, batch.lattice)[row, :n, :n]
        theirs = torch.as_tensor(structure.distance_matrix)
        off_diagonal = ~torch.eye(n, dtype=torch.bool)
        torch.testing.assert_close(ours[off_diagonal], theirs[off_diagonal])
        assert ours.diagonal().min() == pytest.approx(min(structure.lattice.abc), rel=1e-6)


def test_an_unknown_size_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="tiny, small, mini"):
        named_config("huge")
