from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure
from scipy.spatial.transform import Rotation

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.identity import candidate_id, structure_id
from dao_core.errors import InputError

CRYSTALS = ["rocksalt", "rutile", "quartz", "triclinic"]
SUPERCELLS = [[[2, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0], [0, 1, 0], [0, 1, 2]]]


def rewritten(structure: Structure, seed: int) -> Structure:
    """The same crystal, rotated, reflected, shifted, reordered and on another cell."""
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(random_state=rng).as_matrix() * rng.choice([-1, 1])
    cell = structure.make_supercell(SUPERCELLS[seed % 2], in_place=False)
    order = rng.permutation(len(cell))
    return Structure(
        Lattice(cell.lattice.matrix @ rotation),
        [cell.species[i] for i in order],
        (cell.frac_coords + rng.random(3))[order],
    )


@pytest.mark.parametrize("name", CRYSTALS)
@given(seed=st.integers(0, 10_000))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_id_does_not_depend_on_how_the_crystal_is_written(
    request: pytest.FixtureRequest, name: str, seed: int
) -> None:
    structure = request.getfixturevalue(name)
    assert structure_id(rewritten(structure, seed)) == structure_id(structure)


@pytest.mark.parametrize("name", CRYSTALS)
def test_id_survives_float32_and_small_noise(request: pytest.FixtureRequest, name: str) -> None:
    structure = request.getfixturevalue(name)
    through_tensor = CrystalBatch.from_structures([structure]).to_structures()[0]
    noisy = Structure(
        structure.lattice,
        structure.species,
        structure.frac_coords
        + np.random.default_rng(0).normal(scale=1e-6, size=(len(structure), 3)),
    )
    assert structure_id(through_tensor) == structure_id(structure)
    assert structure_id(noisy) == structure_id(structure)


def test_different_crystals_have_different_ids(
    rocksalt: Structure, rutile: Structure, quartz: Structure
) -> None:
    swapped = rocksalt.copy()
    swapped.replace_species({"Mg": "Ca"})
    larger = rocksalt.copy()
    larger.scale_lattice(rocksalt.volume * 1.02)
    zincblende = Structure.from_spacegroup(
        216, Lattice.cubic(4.212), ["Mg", "O"], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )
    crystals = [rocksalt, rutile, quartz, swapped, larger, zincblende]
    assert len({structure_id(crystal) for crystal in crystals}) == len(crystals)


def test_exchanging_the_sublattices_of_rocksalt_changes_nothing(rocksalt: Structure) -> None:
    exchanged = rocksalt.copy()
    exchanged.translate_sites(range(len(exchanged)), [0.5, 0.5, 0.5])
    assert structure_id(exchanged) == structure_id(rocksalt)


def test_id_exists_for_atoms_on_top_of_each_other() -> None:
    collapsed = Structure(Lattice.cubic(3), ["Mg", "O"], [[0, 0, 0], [0, 0, 0]])
    assert structure_id(collapsed).startswith("s-")


def test_disordered_structure_has_no_id() -> None:
    alloy = Structure(Lattice.cubic(3), [{"Fe": 0.5, "Ni": 0.5}], [[0, 0, 0]])
    with pytest.raises(InputError, match="disordered"):
        structure_id(alloy)


def test_candidate_id_depends_on_content_not_on_key_order() -> None:
    first = candidate_id({"source": "dao-g", "seed": 1, "index": 0})
    assert first == candidate_id({"index": 0, "seed": 1, "source": "dao-g"})
    assert first != candidate_id({"source": "dao-g", "seed": 1, "index": 1})
    assert first.startswith("c-")
    assert len(first) == 22


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_candidate_id_refuses_what_json_cannot_hold(value: object) -> None:
    with pytest.raises(InputError, match="not plain JSON"):
        candidate_id({"value": value})


def test_ids_are_unique_and_stable_on_real_structures(public_structures: list[Structure]) -> None:
    ids = [structure_id(structure) for structure in public_structures]
    assert len(set(ids)) == len(ids)
    again = [structure_id(rewritten(s, n)) for n, s in enumerate(public_structures)]
    assert sum(a != b for a, b in zip(ids, again, strict=True)) <= len(ids) // 50
