from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Structure

from dft_inputs.qe.pw_input import PwInput, element_of_label
from dft_inputs.qe.sets import PwInputGenerator


@pytest.fixture
def pw_input(small_home: object, magnesia: Structure) -> PwInput:
    generator = PwInputGenerator(calculation="vc-relax", pseudo_family="small")
    return generator.get_input_set(magnesia).pw_input


def test_text_and_back(pw_input: PwInput) -> None:
    read = PwInput.from_str(str(pw_input))
    assert read.namelists["system"] == {
        name.lower(): value for name, value in pw_input.namelists["system"].items()
    }
    assert read.structure.matches(pw_input.structure)
    assert read.cards["K_POINTS"] == pw_input.cards["K_POINTS"]


def test_update_sets_replaces_and_removes(pw_input: PwInput) -> None:
    pw_input.update({"Electrons": {"Mixing_Beta": 0.1}, "system": {"degauss": None}})
    assert pw_input.get("electrons", "mixing_beta") == 0.1
    assert pw_input.get("system", "degauss", "gone") == "gone"
    assert "degauss" not in str(pw_input)


def test_another_geometry_keeps_atoms_and_settings(pw_input: PwInput) -> None:
    before = pw_input.structure
    coords = before.frac_coords + 0.01
    pw_input.set_geometry(before.lattice.matrix * 1.02, coords)
    assert np.allclose(pw_input.structure.frac_coords, coords)
    assert pw_input.structure.volume == pytest.approx(before.volume * 1.02**3)
    assert pw_input.structure.species == before.species


@pytest.mark.parametrize(
    ("label", "element"), [("Fe", "Fe"), ("Fe2", "Fe"), ("O", "O"), ("C1", "C"), ("Co", "Co")]
)
def test_element_of_a_label(label: str, element: str) -> None:
    assert element_of_label(label) == element
