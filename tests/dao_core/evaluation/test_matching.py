from __future__ import annotations

import time

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.core.structure_matcher import StructureMatcher

from dao_core.evaluation.matching import LOOSE, STRICT, Tolerances, match, match_pairs


def strained(structure: Structure, percent: float) -> Structure:
    copy = structure.copy()
    copy.apply_strain(np.array([percent, 0, 0]) / 100)
    return copy


def test_a_crystal_matches_itself_however_it_is_written(rocksalt: Structure) -> None:
    assert match(rocksalt, rocksalt) == pytest.approx(0, abs=1e-6)
    assert match(rocksalt.make_supercell([1, 2, 1], in_place=False), rocksalt) is not None
    assert match(rocksalt.get_primitive_structure(), rocksalt) is not None


def test_volume_does_not_matter(rocksalt: Structure) -> None:
    larger = rocksalt.copy()
    larger.scale_lattice(rocksalt.volume * 1.5)
    assert match(larger, rocksalt) == pytest.approx(0, abs=1e-6)


def test_other_crystals_do_not_match(
    rocksalt: Structure, zincblende: Structure, caesium_chloride: Structure, diamond: Structure
) -> None:
    assert match(rocksalt, diamond) is None
    assert match(rocksalt, zincblende, STRICT) is None
    assert match(caesium_chloride, rocksalt, STRICT) is None


def test_strict_asks_for_the_same_space_group(rocksalt: Structure) -> None:
    tetragonal = strained(rocksalt, 6)
    assert match(tetragonal, rocksalt, Tolerances(0.2, 0.3, 5.0)) is not None
    assert match(tetragonal, rocksalt, STRICT) is None
    assert match(rocksalt, rocksalt, STRICT) is not None


def test_rmse_is_that_of_the_structure_matcher(zincblende: Structure) -> None:
    rattled = zincblende.copy()
    rattled.perturb(0.1)
    expected = StructureMatcher(0.3, 0.5, 10).get_rms_dist(rattled, zincblende)
    assert expected is not None
    assert match(rattled, zincblende) == pytest.approx(expected[0], abs=1e-6)


def test_needle_matches_nothing_and_costs_nothing(rocksalt: Structure) -> None:
    needle = Structure(Lattice.orthorhombic(0.3, 0.3, 3000), rocksalt.species, rocksalt.frac_coords)
    start = time.process_time()
    assert match(needle, rocksalt) is None
    assert match(rocksalt, needle) is None
    assert time.process_time() - start < 2


def test_pairs_are_answered_in_order(rocksalt: Structure, diamond: Structure) -> None:
    pairs = [(rocksalt, rocksalt), (rocksalt, diamond), (diamond, diamond)] * 4
    found = match_pairs(pairs, LOOSE, processes=2)
    assert [pair.rmse is not None for pair in found] == [True, False, True] * 4
    assert all(pair.failure is None for pair in found)
    assert match_pairs([]) == []


def test_a_pair_without_time_is_reported_not_lost(rocksalt: Structure) -> None:
    large = rocksalt.make_supercell([3, 3, 3], in_place=False)
    large.perturb(0.2)
    found = match_pairs([(large, large)], seconds_per_pair=0.001)
    assert found[0].rmse is None
    assert "0.001 s" in str(found[0].failure)


def test_tolerances_print_themselves() -> None:
    assert str(LOOSE) == "ltol=0.3 stol=0.5 angle_tol=10"
    assert str(STRICT).endswith("same space group (symprec=0.1)")
