"""What was to be found, and when a search came upon it."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.evaluation.discovery import KnownPhase, first_arrivals, heights, stable_compounds


def crystal(group: str, edge: float, species: list[str], sites: list[list[float]]) -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(edge), species, sites)


COPPER = KnownPhase("cu", crystal("Fm-3m", 3.6, ["Cu"], [[0, 0, 0]]), -3.0)
GOLD = KnownPhase("au", crystal("Fm-3m", 4.1, ["Au"], [[0, 0, 0]]), -2.0)
CSCL = crystal("Pm-3m", 3.1, ["Cu", "Au"], [[0, 0, 0], [0.5, 0.5, 0.5]])
ROCKSALT = crystal("Fm-3m", 5.2, ["Cu", "Au"], [[0, 0, 0], [0.5, 0.5, 0.5]])
L12 = crystal("Pm-3m", 3.8, ["Au", "Cu"], [[0, 0, 0], [0.5, 0.5, 0]])
KNOWN = [
    COPPER,
    GOLD,
    KnownPhase("cscl", CSCL, -2.7),
    KnownPhase("rocksalt", ROCKSALT, -2.6),
    KnownPhase("l12", L12, -2.70),
]


def test_only_stable_compounds_that_a_search_can_reach_are_to_be_found() -> None:
    # On the line from Cu to CuAu an energy of -2.85 is the hull of Cu3Au: l12 lies above it.
    assert [one.name for one in stable_compounds(KNOWN, "x")] == ["cscl"]
    lower = KnownPhase("l12", L12, -2.9)
    assert [one.name for one in stable_compounds([*KNOWN, lower], "x")] == ["cscl", "l12"]
    assert [one.name for one in stable_compounds([*KNOWN, lower], "x", largest=2)] == ["cscl"]


def test_heights_are_below_zero_for_what_the_reference_lacks() -> None:
    above = heights([L12, L12, CSCL, ROCKSALT], [-2.9, -2.7, -2.7, -2.6], KNOWN, "x")
    assert above == pytest.approx([-0.05, 0.15, 0.0, 0.1])
    assert heights([CSCL], [-2.7], [COPPER], "x") == [None]


def test_the_first_crystal_of_a_phase_counts_and_lost_ones_count_as_work() -> None:
    strained = CSCL.copy()
    strained.apply_strain(0.03)
    arrived = first_arrivals([None, ROCKSALT, strained, CSCL], KNOWN[2:])
    assert arrived == {"cscl": 3, "rocksalt": 2, "l12": None}
