"""DAO-P relaxes a crystal alike however it is written down: to the model's own tolerance.

The model computes in single precision: forces differ by about 1e-4 eV/angstrom between equivalent
cells, so paths are compared by where they end.
"""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from scipy.spatial.transform import Rotation

from dao_core.predictor import PredictorPotential, load_predictor
from dao_core.relax import Relaxation, RelaxSettings, relax

SETTINGS = RelaxSettings(fmax=0.02, smax=0.002, max_steps=120)
ENERGY = 2e-4
"""eV/atom."""
VOLUME = 5e-3
"""Of the volume per atom; smax leaves a strain of about this size in a soft crystal."""


@pytest.fixture(scope="module")
def dao_p() -> PredictorPotential:
    return load_predictor()


@pytest.fixture(scope="module")
def start() -> Structure:
    """Zinc oxide, strained and rattled: four atoms with no symmetry left."""
    crystal = Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.3, 5.3),
        ["Zn", "O"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.38]],
    )
    crystal.perturb(0.06, seed=3)
    crystal.apply_strain([0.02, -0.01, 0.015])
    return crystal


@pytest.fixture(scope="module")
def reference(dao_p: PredictorPotential, start: Structure) -> Relaxation:
    (alone,) = relax([start], dao_p, SETTINGS)
    assert alone.converged
    assert alone.energy_per_atom < alone.energy_per_atom_before - 0.005
    return alone


def same(a: Relaxation, b: Relaxation) -> None:
    assert b.stop_reason == a.stop_reason
    assert b.energy_per_atom_before == pytest.approx(a.energy_per_atom_before, abs=ENERGY)
    assert b.energy_per_atom == pytest.approx(a.energy_per_atom, abs=ENERGY)
    per_atom = [r.volume / len(r.structure) for r in (a, b)]
    assert per_atom[1] == pytest.approx(per_atom[0], rel=VOLUME)


def test_batch_composition(dao_p: PredictorPotential, start: Structure, reference) -> None:
    halite = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.3), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ).get_primitive_structure()
    large = Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.7, 3.0), ["Ti", "O"], [[0, 0, 0], [0.31, 0.31, 0]]
    )
    same(reference, relax([halite, start, large], dao_p, SETTINGS)[1])


def test_atom_order(dao_p: PredictorPotential, start: Structure, reference) -> None:
    shuffled = Structure.from_sites([start[i] for i in (2, 0, 3, 1)])
    (relaxed,) = relax([shuffled], dao_p, SETTINGS)
    same(reference, relaxed)
    assert relaxed.structure.species == shuffled.species


def test_origin(dao_p: PredictorPotential, start: Structure, reference) -> None:
    shifted = start.copy()
    shifted.translate_sites(range(len(shifted)), [0.31, 0.77, 0.13])
    same(reference, relax([shifted], dao_p, SETTINGS)[0])


def test_rotation(dao_p: PredictorPotential, start: Structure, reference) -> None:
    rotation = Rotation.random(random_state=2).as_matrix()
    matrix = start.lattice.matrix @ rotation.T
    turned = Structure(Lattice(matrix), start.species, start.frac_coords)
    (relaxed,) = relax([turned], dao_p, SETTINGS)
    same(reference, relaxed)
    back = relaxed.structure.lattice.matrix @ rotation
    np.testing.assert_allclose(back, reference.structure.lattice.matrix, atol=0.03)


@pytest.mark.parametrize("scaling", [[2, 1, 1], [[1, 1, 0], [0, 1, 0], [0, 0, 1]]])
def test_supercell_and_choice_of_cell(
    dao_p: PredictorPotential, start: Structure, reference, scaling
) -> None:
    other = start.make_supercell(scaling, in_place=False, to_unit_cell=False)
    same(reference, relax([other], dao_p, SETTINGS)[0])
