from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition, DummySpecies, Lattice, Structure

from dao_core.crystal.validity import REASONS, invalid_reason, smallest_distance_factor


def scaled(structure: Structure, factor: float) -> Structure:
    copy = structure.copy()
    copy.scale_lattice(structure.volume * factor)
    return copy


def bad_structures() -> dict[str, Structure]:
    cubic = Lattice.cubic(4.0)
    return {
        "no_atoms": Structure(cubic, [], []),
        "disordered": Structure(cubic, [{"Fe": 0.5, "Ni": 0.5}], [[0, 0, 0]]),
        "not_finite": Structure(cubic, ["Mg"], [[np.nan, 0, 0]]),
        "unknown_element": Structure(cubic, [DummySpecies("X")], [[0, 0, 0]]),
        "wrong_composition": Structure(cubic, ["Mg"], [[0, 0, 0]]),
        "volume_too_small": Structure(Lattice.cubic(1.0), ["Mg", "O"], [[0, 0, 0], [0.5] * 3]),
        "volume_too_large": Structure(Lattice.cubic(20.0), ["Mg", "O"], [[0, 0, 0], [0.1] * 3]),
        "too_close": Structure(cubic, ["Mg", "O"], [[0, 0, 0], [0.1, 0, 0]]),
    }


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_is_found(reason: str) -> None:
    composition = Composition("MgO") if reason == "wrong_composition" else None
    assert invalid_reason(bad_structures()[reason], composition=composition) == reason


def test_real_crystals_are_valid(rocksalt: Structure, rutile: Structure, quartz: Structure) -> None:
    assert [invalid_reason(s) for s in (rocksalt, rutile, quartz)] == [None] * 3
    assert invalid_reason(rocksalt, composition=Composition("Mg4O4")) is None


def test_compression_by_half_is_still_valid_but_not_by_ten(rocksalt: Structure) -> None:
    assert invalid_reason(scaled(rocksalt, 0.5)) is None
    assert invalid_reason(scaled(rocksalt, 0.1)) == "volume_too_small"


def test_atoms_at_the_same_point_are_too_close() -> None:
    stacked = Structure(Lattice.cubic(4.0), ["Mg", "O"], [[0, 0, 0], [0, 0, 0]])
    assert invalid_reason(stacked) == "too_close"


def test_an_atom_can_be_too_close_to_its_own_image() -> None:
    flat = Structure(Lattice.orthorhombic(0.9, 6.0, 6.0), ["Mg"], [[0, 0, 0]])
    sheared = Structure(Lattice([[6, 0, 0], [6, 0.9, 0], [0, 0, 6]]), ["Mg"], [[0, 0, 0]])
    assert invalid_reason(flat) == "too_close"
    assert invalid_reason(sheared) == "too_close"


def test_distance_factor_is_distance_over_sum_of_radii(rocksalt: Structure) -> None:
    # Mg-O is half the cell; Cordero radii 1.41 and 0.66 angstrom.
    factor = smallest_distance_factor(rocksalt, stop_below=1.2)
    assert factor == pytest.approx(4.212 / 2 / (1.41 + 0.66))


def test_no_real_structure_is_rejected(public_structures: list[Structure]) -> None:
    assert [reason for s in public_structures if (reason := invalid_reason(s))] == []
