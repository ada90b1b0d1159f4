"""Prototypes are recognised, kept, and proposed to the compositions that are like those seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition, Element, Lattice, Structure

from dao_core.checkpoints.format import load_checkpoint, save_checkpoint
from dao_core.crysformer.config import named_config
from dao_core.crystal.matching import match
from dao_core.crystal.niggli import niggli_primitive
from dao_core.errors import CheckpointError
from dao_core.generator.generate import Generator, load_generator
from dao_core.generator.model_file import load_flow_model, save_flow_model
from dao_core.generator.prototypes.classes import assignments, classes_of
from dao_core.generator.prototypes.library import PrototypeLibrary
from dao_core.generator.prototypes.prior import PrototypePrior
from dao_core.generator.samplers import FlowSampler
from dao_core.generator.starts import FREE_EVERY
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.prototype_library import MOST_OF_A_FORMULA, build_library
from dao_core.training.prototype_metric import train_metric
from dao_core.training.records import Crystal

ALKALI, HALOGEN = ("Li", "Na", "K", "Rb"), ("F", "Cl", "Br", "I")
METAL, CHALCOGEN = ("Be", "Zn", "Cd", "Hg"), ("O", "S", "Se", "Te")


def rocksalt(cation: str, anion: str) -> Structure:
    edge = 2 * (Element(cation).atomic_radius + Element(anion).atomic_radius)
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(edge), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


def zincblende(cation: str, anion: str) -> Structure:
    edge = 2.3 * (Element(cation).atomic_radius + Element(anion).atomic_radius)
    return Structure.from_spacegroup(
        "F-43m", Lattice.cubic(edge), [cation, anion], [[0, 0, 0], [0.25, 0.25, 0.25]]
    )


def rutile(cation: str, x: float) -> Structure:
    return Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.6, 2.95), [cation, "O"], [[0, 0, 0], [x, x, 0]]
    )


def crystal(structure: Structure) -> Crystal:
    numbers = np.array(structure.atomic_numbers)
    parts = niggli_primitive(numbers, structure.frac_coords, structure.lattice.matrix)
    return Crystal(structure.formula, *parts, {})


@pytest.fixture(scope="module")
def library() -> PrototypeLibrary:
    salts = [rocksalt(a, b) for a in ALKALI for b in HALOGEN]
    tetrahedral = [zincblende(a, b) for a in METAL for b in CHALCOGEN]
    known = [*salts, *tetrahedral, rutile("Ti", 0.305)]
    return build_library([crystal(s) for s in known if s.formula not in {"Na4 Cl4", "Zn4 S4"}])


@pytest.fixture(scope="module")
def prior(library: PrototypeLibrary) -> PrototypePrior:
    return PrototypePrior(library, train_metric(library, steps=60))


def test_classes_are_ordered_by_count_and_element() -> None:
    elements, counts, atoms = classes_of([8, 22, 8, 20, 8])
    assert elements.tolist() == [20, 22, 8]
    assert counts == (1, 1, 3)
    assert atoms.tolist() == [2, 1, 2, 0, 2]
    assert assignments(counts) == ((0, 1, 2), (1, 0, 2))


def test_crystals_of_one_prototype_are_kept_once(library: PrototypeLibrary) -> None:
    assert {counts: len(group) for counts, group in library.groups.items()} == {
        (1, 1): 2,
        (2, 4): 1,
    }
    assert np.bincount(library.groups[1, 1].members).tolist() == [15, 15]
    assert library.crystals_seen == 31
    for group in library.groups.values():
        volumes = np.abs(np.linalg.det(group.lattice))
        assert volumes == pytest.approx(sum(group.counts), rel=1e-4)


def test_a_library_survives_its_tensors(library: PrototypeLibrary) -> None:
    again = PrototypeLibrary.from_tensors(library.tensors())
    assert list(again.groups) == list(library.groups)
    for number in range(len(library)):
        first, second = (one.structure(number, np.array([3, 4])) for one in (library, again))
        assert match(first, second) == pytest.approx(0, abs=1e-4)
        assert second.get_space_group_info(1e-3) == first.get_space_group_info(1e-3)
    for counts, group in library.groups.items():
        np.testing.assert_array_equal(again.groups[counts].elements, group.elements)
        np.testing.assert_allclose(again.groups[counts].fingerprints, group.fingerprints, rtol=1e-3)


def test_no_formula_outweighs_the_others() -> None:
    """Rutile with ever another oxygen coordinate: each is a geometry of its own."""
    crystals = [rutile("Ti", x) for x in np.linspace(0.29, 0.31, MOST_OF_A_FORMULA + 5)]
    library = build_library([crystal(one) for one in [*crystals, rutile("Sn", 0.306)]])
    metals = library.groups[2, 4].elements[:, 0].tolist()
    assert metals.count(22) == MOST_OF_A_FORMULA
    assert metals.count(50) == 1


@pytest.mark.parametrize(
    ("cation", "anion", "right"), [("Na", "Cl", rocksalt), ("Zn", "S", zincblende)]
)
def test_a_composition_takes_the_prototype_of_those_like_it(
    prior: PrototypePrior, cation: str, anion: str, right
) -> None:
    numbers = [Element(cation).Z, Element(anion).Z]
    first, *others = prior.likeliest(numbers, 5)
    assert match(prior.structure(first), right(cation, anion)) is not None
    assert first.probability > 0.8
    assert sum(one.probability for one in (first, *others)) <= 1 + 1e-5
    assert len(others) <= 1, "exchanging the two elements of these prototypes changes nothing"
    assert prior.likeliest([3, 3, 3, 8], 5) == [], "nothing of this stoichiometry was seen"


def test_samples_start_from_prototypes_and_from_noise(prior: PrototypePrior) -> None:
    network = VelocityNetwork(named_config("tiny")).eval()  # untrained: it moves nothing
    generator = Generator(FlowSampler(network), {"max_atoms": 12}, "0", prior=prior)
    made = list(generator.generate([Composition("NaCl")], 7, steps=10))
    likely = len(prior.likeliest([11, 17], 9))
    started = [one.prototype is not None for one in made]
    assert sum(started) == likely
    assert not started[FREE_EVERY - 1]
    assert started[0]
    assert made[0].probability == max(one.probability or 0 for one in made)
    alone = list(generator.generate([Composition("NaCl")], 2, first=5, steps=10, batch_size=1))
    for one, same in zip(made[5:], alone, strict=True):
        np.testing.assert_allclose(
            one.structure.distance_matrix, same.structure.distance_matrix, atol=1e-3
        )
    free = list(generator.generate([Composition("NaCl")], 2, steps=10, prototypes=False))
    assert all(one.prototype is None for one in free)


def test_a_model_file_holds_its_prototypes(prior: PrototypePrior, tmp_path: Path) -> None:
    network = VelocityNetwork(named_config("tiny"))
    path = tmp_path / "g.safetensors"
    card = {"config": "tiny", "max_atoms": 12}
    save_flow_model(path, network, prior, card)
    again = load_generator(path).prior
    assert again is not None
    ours, theirs = (one.likeliest([11, 17], 1)[0] for one in (prior, again))
    assert match(prior.structure(ours), again.structure(theirs)) == pytest.approx(0, abs=1e-3)
    assert ours.probability == pytest.approx(theirs.probability, rel=1e-4)

    save_flow_model(path, network, None, card)
    assert load_flow_model(path).prior is None

    save_flow_model(path, network, prior, card)
    tensors, whole = load_checkpoint(path, "dao-g-flow")
    del tensors["prototypes.frac_coords"]
    save_checkpoint(path, tensors, whole)
    with pytest.raises(CheckpointError, match="prototypes cannot be read"):
        load_flow_model(path)
