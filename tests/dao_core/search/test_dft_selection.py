from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.search.dft_selection import competing_phases, select_for_dft
from dao_core.search.result import RankedCrystal


def row(rank: int, species: list[str], above: float, energy: float = -1.0) -> RankedCrystal:
    coords = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]][: len(species)]
    structure = Structure(Lattice.cubic(4), species, coords)
    return RankedCrystal(
        rank=rank, candidate_id=f"c-{rank}", structure_id=f"s-{rank}",
        formula=structure.composition.reduced_formula, z=1, space_group="P1",
        space_group_number=1, energy_per_atom=energy, energy_above_hull=above,
        volume_per_atom=10.0, origin="random", novel=True, structure=structure.as_dict(),
    )  # fmt: skip


@pytest.fixture
def ranking() -> list[RankedCrystal]:
    return [
        row(1, ["Mg", "O"], 0.0),
        row(2, ["Mn", "O"], 0.0),
        row(3, ["Mg"], 0.0, energy=-2.0),
        row(4, ["Mn"], 0.1, energy=-2.0),
        row(5, ["Mn"], 0.0, energy=-3.0),
        row(6, ["Mg", "O", "O"], 0.2),
    ]


def test_the_most_stable_compounds_are_selected_and_elements_only_alone(
    ranking: list[RankedCrystal],
) -> None:
    assert [r.rank for r in select_for_dft(ranking, 2)] == [1, 2]
    assert [r.rank for r in select_for_dft(ranking, 9)] == [1, 2, 6]
    assert [r.rank for r in select_for_dft(ranking[3:5], 1)] == [5]


def test_the_hull_gets_stable_compounds_and_elements_that_nobody_knows(
    ranking: list[RankedCrystal],
) -> None:
    # Magnesium's ground state is known; of manganese the best of the ranking must do.
    assert {r.rank for r in competing_phases(ranking, ranking[:1])} == {2, 5}
    assert {r.rank for r in competing_phases(ranking, ranking[:2])} == {5}


def test_under_pressure_elements_of_the_search_compete_with_the_known_ones(
    ranking: list[RankedCrystal],
) -> None:
    assert {r.rank for r in competing_phases(ranking, ranking[:1], pressure=200)} == {2, 3, 5}
