"""The models that ship: they are there, small, documented, and load fast enough to be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Composition

from dao_core.errors import MissingError
from dao_core.generator.generate import load_generator
from dao_core.pretrained import SHIPPED, model_path


def test_every_model_has_a_card_and_all_are_under_sixty_megabytes() -> None:
    models = sorted(SHIPPED.glob("*.safetensors"))
    assert {model.stem for model in models} >= {"dao-g", "dao-p"}
    assert all(model.with_suffix(".md").is_file() for model in models)
    assert sum(model.stat().st_size for model in models) < 60e6


def test_a_path_is_taken_as_it_is_and_a_wrong_name_lists_the_right_ones(tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.touch()
    assert model_path(str(own)) == own
    with pytest.raises(MissingError, match="dao-g"):
        model_path("dao-x")


def test_the_shipped_generator_makes_finite_crystals_of_the_right_stoichiometry() -> None:
    generator = load_generator()
    crystals = list(generator.generate([Composition("Mg2O2")], 4, steps=10))
    assert {crystal.structure.composition for crystal in crystals} == {Composition("Mg2O2")}
    volumes = [crystal.structure.volume / 4 for crystal in crystals]
    assert all(4 < volume < 40 for volume in volumes), "cubic angstrom per atom"
