from __future__ import annotations

import gc
import itertools

import numpy as np
import pytest
import torch
from pymatgen.core import Composition

from dao_core.checkpoints.format import save_checkpoint
from dao_core.crysformer.config import named_config
from dao_core.errors import CheckpointError, DomainError, InputError, MissingError
from dao_core.generator.generate import Generator, load_generator
from dao_core.generator.model_file import KIND
from dao_core.generator.samplers import FlowSampler
from dao_core.generator.velocity import VelocityNetwork


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(3)
    network = VelocityNetwork(named_config("tiny"))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return Generator(FlowSampler(network), {"max_atoms": 8}, "deadbeef")


MG_O = [Composition("Mg1O1"), Composition("Mg2O2")]


def test_stoichiometry_is_exact_and_the_order_is_kept(generator: Generator) -> None:
    crystals = list(generator.generate(MG_O, 2, steps=3))
    assert [crystal.structure.composition for crystal in crystals] == [MG_O[0]] * 2 + [MG_O[1]] * 2
    assert [(crystal.formula, crystal.index) for crystal in crystals] == [
        ("Mg1O1", 0),
        ("Mg1O1", 1),
        ("Mg2O2", 0),
        ("Mg2O2", 1),
    ]


def test_the_batch_size_does_not_change_the_crystals_of_a_seed(
    generator: Generator,
) -> None:
    one_by_one = generator.generate(MG_O, 3, steps=5, seed=11, batch_size=1)
    at_once = generator.generate(MG_O, 3, steps=5, seed=11, batch_size=64)
    for a, b in zip(one_by_one, at_once, strict=True):
        np.testing.assert_allclose(
            a.structure.lattice.matrix, b.structure.lattice.matrix, rtol=1e-4
        )
        difference = a.structure.frac_coords - b.structure.frac_coords
        assert np.abs(difference - np.round(difference)).max() < 1e-4


def test_another_seed_gives_other_crystals(generator: Generator) -> None:
    first, second = (
        next(iter(generator.generate(MG_O, 1, steps=2, seed=seed))).structure for seed in (0, 1)
    )
    assert not np.allclose(first.lattice.matrix, second.lattice.matrix)


def test_the_stream_is_lazy(generator: Generator) -> None:
    stream = generator.generate(MG_O, 10**9, steps=1, batch_size=2)
    assert len(list(itertools.islice(stream, 3))) == 3


@pytest.mark.parametrize(
    ("composition", "match"),
    [
        (Composition({}), "whole numbers"),
        (Composition({"Mg": 0.5, "O": 1}), "whole numbers"),
        (Composition({"Mg": -1, "O": 1}, allow_negative=True), "whole numbers"),
        (Composition({"Mg": 10**12}), "more than"),
        (Composition({"X": 1, "O": 1}), "X0.* no element"),
        (Composition("Og2"), "Og is no element"),
        ("MgO", "no composition"),
    ],
)
def test_cells_that_are_none_are_refused(
    generator: Generator, composition: Composition, match: str
) -> None:
    with pytest.raises(InputError, match=match):
        generator.generate([composition], 1)


def test_cells_beyond_the_domain_are_refused_unless_forced(generator: Generator) -> None:
    large = [Composition("Mg5O5")]
    with pytest.raises(DomainError, match="at most 8"):
        generator.generate(large, 1)
    forced, within = generator.generate([*large, MG_O[0]], 1, steps=1, beyond_domain=True)
    assert forced.outside_domain == "10 atoms, trained on at most 8"
    assert within.outside_domain is None


def test_weights_that_overflow_give_a_structure_that_validity_can_reject() -> None:
    network = VelocityNetwork(named_config("tiny"))
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    broken = Generator(FlowSampler(network.eval()), {"max_atoms": 8}, "deadbeef")
    crystal = next(iter(broken.generate(MG_O, 1, steps=1)))
    assert not np.isfinite(crystal.structure.frac_coords).all()


def test_loading_names_what_is_wrong(tmp_path, generator: Generator) -> None:
    with pytest.raises(MissingError, match="no model 'nothing'"):
        load_generator("nothing")
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, generator.sampler.network.state_dict(), {"kind": "dao-p"})
    with pytest.raises(CheckpointError, match="'dao-p'"):
        load_generator(str(other))
    good = tmp_path / "good.safetensors"
    save_checkpoint(
        good,
        generator.sampler.network.state_dict(),
        {"kind": KIND, "config": "tiny", "max_atoms": 8},
    )
    loaded = load_generator(str(good))
    ours = next(iter(generator.generate(MG_O, 1, steps=2))).structure
    theirs = next(iter(loaded.generate(MG_O, 1, steps=2))).structure
    assert ours.matches(theirs)
    assert loaded.checkpoint_hash != "deadbeef"


def test_memory_does_not_grow_with_the_number_of_samples(generator: Generator) -> None:
    def tensors() -> int:
        gc.collect()
        return sum(type(thing) is torch.Tensor for thing in gc.get_objects())

    stream = generator.generate(MG_O[:1], 10**6, steps=2, batch_size=4)
    alive = [[next(stream) for _ in range(8)] and tensors() for _ in range(4)]
    assert max(alive[1:]) == min(alive[1:])
