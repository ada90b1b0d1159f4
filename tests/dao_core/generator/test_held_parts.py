"""Known lattices, sites and orbits stand exactly where they should; the rest moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from dao_core.crysformer.config import named_config
from dao_core.errors import InputError
from dao_core.generator.generate import Generator
from dao_core.generator.held_parts import HeldParts
from dao_core.generator.samplers import DiffusionSampler, FlowSampler
from dao_core.generator.velocity import VelocityNetwork

RUTILE = Structure.from_spacegroup(
    "P4_2/mnm", Lattice.tetragonal(4.6, 2.95), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
)
WURTZITE = Structure.from_spacegroup(
    "P6_3mc", Lattice.hexagonal(3.25, 5.2), ["Zn", "O"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]]
)
SILICON = Structure.from_spacegroup(
    "Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]]
).get_primitive_structure()


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(5)
    network = VelocityNetwork(named_config("tiny"))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    return Generator(FlowSampler(network.eval()), {"max_atoms": 12}, "deadbeef")


def sampled(generator: Generator, crystal: Structure, held: HeldParts, n: int = 3):
    stream = generator.generate([crystal.composition], n, steps=6, held=held)
    return [made.structure for made in stream]


def test_a_framework_stays_and_the_rest_is_placed(generator: Generator) -> None:
    metal = RUTILE.copy()
    metal.remove_species(["O"])
    made = sampled(generator, RUTILE, HeldParts(lattice=RUTILE.lattice, sites=metal))
    oxygens = []
    for crystal in made:
        np.testing.assert_allclose(crystal.lattice.matrix, RUTILE.lattice.matrix, atol=1e-5)
        places = [site.frac_coords for site in crystal if site.specie.symbol == "Ti"]
        difference = np.array(places) - metal.frac_coords
        np.testing.assert_allclose(difference, np.rint(difference), atol=1e-5)
        oxygens.append([site.frac_coords for site in crystal if site.specie.symbol == "O"])
    assert np.ptp(oxygens, axis=0).max() > 0.05, "what is not held differs from sample to sample"


@pytest.mark.parametrize("template", [RUTILE, WURTZITE, SILICON], ids=["136", "186", "227"])
def test_orbits_keep_their_space_group(generator: Generator, template: Structure) -> None:
    wanted = SpacegroupAnalyzer(template).get_symmetry_operations()
    made = sampled(generator, template, HeldParts(orbits=template))
    for crystal in made:
        found = SpacegroupAnalyzer(crystal, symprec=1e-3).get_symmetry_operations()
        assert len(found) >= len(wanted)
    volumes = [crystal.volume for crystal in made]
    assert np.ptp(volumes) > 0.01 * np.mean(volumes), "the cell is free within its symmetry"


def test_free_parameters_of_orbits_are_sampled(generator: Generator) -> None:
    made = sampled(generator, RUTILE, HeldParts(orbits=RUTILE), n=4)
    distances = [np.sort(crystal.distance_matrix[0] / crystal.lattice.a)[1] for crystal in made]
    assert np.ptp(distances) > 0.01


def test_held_samples_do_not_depend_on_the_batch(generator: Generator) -> None:
    held = HeldParts(orbits=WURTZITE)
    cells = [WURTZITE.composition]
    alone = generator.generate(cells, 3, steps=4, held=held, batch_size=1)
    together = generator.generate(cells, 3, steps=4, held=held)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose(
            a.structure.lattice.matrix, b.structure.lattice.matrix, rtol=1e-3, atol=1e-3
        )


def test_what_does_not_fit_is_refused(generator: Generator) -> None:
    with pytest.raises(InputError, match="not both"):
        HeldParts(sites=RUTILE, orbits=RUTILE)
    with pytest.raises(InputError, match="not part of the composition"):
        generator.generate([Composition("MgO")], 1, held=HeldParts(sites=RUTILE))
    with pytest.raises(InputError, match="not of the composition"):
        generator.generate([Composition("MgO")], 1, held=HeldParts(orbits=RUTILE))
    cube = HeldParts(lattice=Lattice.orthorhombic(3, 4, 5), orbits=RUTILE)
    with pytest.raises(InputError, match="breaks the space group"):
        generator.generate([RUTILE.composition], 1, held=cube)
    diffusion = Generator(DiffusionSampler(generator.sampler), {"max_atoms": 12}, "0")
    with pytest.raises(InputError, match="cannot hold orbits"):
        diffusion.generate([RUTILE.composition], 1, held=HeldParts(orbits=RUTILE))
