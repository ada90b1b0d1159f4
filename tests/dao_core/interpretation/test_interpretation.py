"""Interpretations without a store: a potential, a crystal, and a memory in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.crystal.asked import Crystal
from dao_core.errors import InputError
from dao_core.interpretation.defects import DefectSettings, interpret_defects
from dao_core.interpretation.filling import FillRequest
from dao_core.interpretation.phonons import PhononSettings, interpret_phonons
from dao_core.interpretation.pressure import against, compress_polymorphs
from dao_core.interpretation.sentences import FINDINGS
from dao_core.potentials import Potential, load_potential
from dao_core.search.in_memory import InMemory

CUBIC = Crystal("cubic", Structure(Lattice.cubic(2.4), ["Cu"], [[0, 0, 0]]))


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


def test_an_unstable_crystal_leaves_a_candidate_in_the_memory(
    emt: Potential, tmp_path: Path
) -> None:
    memory = InMemory()
    found = interpret_phonons(CUBIC, emt, PhononSettings(300.0), memory, tmp_path)
    assert found.figures["unstable"]
    (candidate,) = memory.candidates([found.figures["soft_mode_candidate_id"]])
    assert candidate.provenance["origin"].startswith("soft-mode:")
    assert found.figures["soft_mode_energy_per_atom"] < found.figures["energy_per_atom"]
    assert Path(found.figures["soft_mode_cif"]).is_file()
    assert FINDINGS["phonons"](found.figures).startswith("dynamically unstable, lowest mode -")


def test_polymorphs_are_compressed_without_a_figure(emt: Potential) -> None:
    made = compress_polymorphs([CUBIC], emt, [0.0, 10.0])
    assert made.record["figure"] is None
    (polymorph,) = made.record["polymorphs"]
    assert polymorph["points"][0]["volume_per_atom"] > polymorph["points"][1]["volume_per_atom"]
    assert against([CUBIC], [0.0, 10.0]) == {"pressures": [0.0, 10.0], "against": ["cubic"]}


def test_chemical_potentials_that_are_given_are_used(emt: Potential, tmp_path: Path) -> None:
    settings = DefectSettings(min_length=4.0, chemical_potentials={"Cu": -1.0})
    given = interpret_defects(CUBIC, emt, settings, {"Cu": -1.0}, tmp_path)
    found: dict[str, float] = {}
    own = interpret_defects(CUBIC, emt, DefectSettings(min_length=4.0), found, tmp_path)
    vacancies = [
        next(d for d in one.figures["defects"] if d["added"] == {"Cu": -1}) for one in (given, own)
    ]
    difference = vacancies[0]["formation_energy"] - vacancies[1]["formation_energy"]
    assert difference == pytest.approx(-1.0 - found["Cu"])


def test_a_prototype_needs_as_many_elements_as_it_has() -> None:
    request = FillRequest("A_cF4_225_a:La", "H", 1, 2)
    prototype = request.prototype()
    assert prototype is not None
    assert prototype.composition.chemical_system == "La"
    with pytest.raises(InputError, match="1 elements"):
        FillRequest("A_cF4_225_a:La,H", "H", 1, 2).prototype()
    assert FillRequest("c-0123", "H", 1, 2).prototype() is None
