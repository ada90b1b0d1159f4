"""Frameworks: which amounts fit, what networks are, and the search with a free potential."""

from __future__ import annotations

import pytest
from pymatgen.core import Composition, Lattice, Structure

from dao_core.errors import InputError
from dao_core.frameworks import describe_network, fill_framework, fillings
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential


@pytest.fixture
def lah10() -> Structure:
    """Fm-3m LaH10 as at 150 GPa (Geballe et al., Angew. Chem. 57, 688 (2018))."""
    sites = [[0.5, 0.5, 0.5], [0.25, 0.25, 0.25], [0.12, 0.12, 0.12]]
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.1), ["La", "H", "H"], sites)
    return cell.get_primitive_structure()


@pytest.fixture
def h3s() -> Structure:
    """Im-3m H3S as at 200 GPa (Duan et al., Sci. Rep. 4, 6968 (2014))."""
    lattice = Lattice.cubic(2.984)
    cell = Structure.from_spacegroup("Im-3m", lattice, ["S", "H"], [[0, 0, 0], [0, 0.5, 0.5]])
    return cell.get_primitive_structure()


def test_clathrate_covalent_and_molecular_hydrogen(lah10: Structure, h3s: Structure) -> None:
    cage = describe_network(lah10, "H")
    assert cage.cages == {"La": [32]}
    assert cage.dimensionality == 3
    assert cage.shortest == pytest.approx(1.15, abs=0.02)
    covalent = describe_network(h3s, "H")
    assert covalent.cages == {"S": [6]}
    assert covalent.dimensionality is None
    assert covalent.shortest == pytest.approx(2.984 / 2)
    molecules = Structure(Lattice.cubic(4), ["Li", "H", "H"], [[0.5] * 3, [0] * 3, [0.185, 0, 0]])
    network = describe_network(molecules, "H")
    assert (network.dimensionality, network.molecular, network.coordination) == (0, 1.0, 1.0)
    assert len({n.signature for n in (cage, covalent, network)}) == 3
    assert {n.objection for n in (cage, covalent, network)} == {None}
    molecules.scale_lattice(0.7 * molecules.volume)
    assert "0.66 angstrom apart" in str(describe_network(molecules, "H").objection)


def test_amounts_that_are_not_whole_need_supercells() -> None:
    fcc = Structure(Lattice.from_parameters(3.6, 3.6, 3.6, 60, 60, 60), ["La"], [[0, 0, 0]])
    assert [(f.number, len(f.framework)) for f in fillings(fcc, "H", 8, 10, 20)] == [
        (8, 1), (9, 1), (10, 1),
    ]  # fmt: skip
    (half,) = fillings(fcc, "H", 4.5, 4.5, 20)
    assert (half.number, len(half.framework), half.per_framework_atom) == (9, 2, 4.5)
    with pytest.raises(InputError, match="within 20 atoms"):
        fillings(fcc, "H", 9.7, 9.7, 20)


@pytest.mark.parametrize(
    ("symbol", "lowest", "highest", "words"),
    [
        ("Hx", 1, 1, "not an element"),
        ("La", 1, 1, "holds La itself"),
        ("H", 0, 1, "positive"),
        ("H", 3, 1, "rising"),
        ("H", 90, 90, "beyond every known crystal"),
    ],
)
def test_impossible_amounts(symbol: str, lowest: float, highest: float, words: str) -> None:
    cell = Structure(Lattice.cubic(4), ["La"], [[0, 0, 0]])
    with pytest.raises(InputError, match=words):
        fillings(cell, symbol, lowest, highest, 20)


def test_a_framework_with_overlapping_atoms() -> None:
    cell = Structure(Lattice.cubic(5), ["La", "La"], [[0, 0, 0], [0.05, 0, 0]])
    with pytest.raises(InputError, match="too_close"):
        fillings(cell, "H", 2, 2, 20)


def test_filled_frameworks_are_relaxed_released_and_ranked() -> None:
    # Palladium and hydrogen: EMT knows both.
    fcc = Structure(Lattice.from_parameters(2.9, 2.9, 2.9, 60, 60, 60), ["Pd"], [[0, 0, 0]])
    (filling,) = fillings(fcc, "H", 1, 1, 20)
    potential = load_potential("ase:ase.calculators.emt:EMT")
    outcome = fill_framework(filling, load_generator(), potential, 6, pressure=5.0)
    assert outcome.sampled == 6
    kept = sum(crystal.population for crystal in outcome.crystals)
    assert kept + sum(outcome.lost.values()) == 6
    assert kept > 0
    enthalpies = [crystal.enthalpy_per_atom for crystal in outcome.crystals]
    assert enthalpies == sorted(enthalpies)
    assert all(c.structure.composition == Composition("PdH") for c in outcome.crystals)
    assert outcome.crystals[0].cluster == 0
