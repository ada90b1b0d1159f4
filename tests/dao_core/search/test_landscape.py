from __future__ import annotations

import pytest
from pymatgen.core import Composition, Structure

from dao_core.crystal.reading import NamedStructure
from dao_core.errors import InputError
from dao_core.hull import PhaseEntry
from dao_core.search.landscape import _joined, distance_matrix, landscape


def test_minima_are_distinct_ranked_and_counted(
    rocksalt: Structure, caesium_chloride: Structure, magnesium: Structure, oxygen: Structure
) -> None:
    primitive = rocksalt.get_primitive_structure()
    structures = [caesium_chloride, rocksalt, magnesium, primitive, oxygen]
    minima = landscape(structures, [-4.0, -4.5, -1.0, -4.501, -4.2], "toy")
    found = [(m.rank, m.formula, m.z, m.space_group, m.index) for m in minima]
    assert found[:3] == [
        (1, "MgO", 1, "Fm-3m", 3),
        (2, "Mg", 2, "P6_3/mmc", 2),
        (3, "O2", 1, "P4/mmm", 4),
    ]
    assert found[3] == (4, "MgO", 1, "Pm-3m", 0)
    assert minima[0].members == (3, 1)
    assert minima[0].energy_above_hull == 0
    assert minima[3].energy_above_hull == pytest.approx(0.501)


@pytest.mark.parametrize(("gap", "order"), [(0.0008, [0, 1]), (0.002, [1, 0])])
def test_ties_of_a_composition_go_to_the_simpler_crystal(
    rocksalt: Structure, caesium_chloride: Structure, gap: float, order: list[int]
) -> None:
    distorted = rocksalt.get_primitive_structure() * (2, 1, 1)
    distorted.translate_sites([0], [0.06, 0.03, 0.0])
    minima = landscape([caesium_chloride, distorted], [-4.5 + gap, -4.5], "toy")
    assert [m.index for m in minima] == order


def test_known_structures_are_not_novel(rocksalt: Structure, caesium_chloride: Structure) -> None:
    known = [NamedStructure("mp-1265", rocksalt.get_primitive_structure())]
    minima = landscape([rocksalt, caesium_chloride], [-4.5, -4.0], "toy", known=known)
    assert {m.space_group: m.novel for m in minima} == {"Fm-3m": False, "Pm-3m": True}
    assert minima[0].known_as == "mp-1265"


def test_distances_between_minima(rocksalt: Structure, caesium_chloride: Structure) -> None:
    twin = rocksalt.get_primitive_structure()
    distances = distance_matrix([rocksalt, twin, caesium_chloride])
    assert distances == pytest.approx(distances.T)
    assert distances[0, 1] == pytest.approx(0.0, abs=1e-6)
    assert distances[0, 2] > 0.1


def test_without_references_minima_are_ordered_by_energy(
    rocksalt: Structure, caesium_chloride: Structure
) -> None:
    minima = landscape([caesium_chloride, rocksalt], [-4.0, -4.5], "toy")
    assert [m.energy_above_hull for m in minima] == [None, None]
    assert [m.index for m in minima] == [1, 0]


def test_competing_phase_of_another_level_is_refused(rocksalt: Structure) -> None:
    other = PhaseEntry(Composition("Mg"), -1.0, "qe-pbe")
    with pytest.raises(InputError, match="different levels"):
        landscape([rocksalt], [-4.5], "toy", competing=[other])


def test_within_noise_the_more_symmetric_structure_stands_for_a_minimum(
    rocksalt: Structure,
) -> None:
    rattled = rocksalt.copy()
    rattled.translate_sites([0], [0.15, 0.1, 0.05], frac_coords=False)
    (minimum,) = landscape([rattled, rocksalt], [-4.5005, -4.5], "toy")
    assert (minimum.index, minimum.space_group) == (1, "Fm-3m")
    assert minimum.members == (1, 0)
    assert minimum.energy_per_atom == -4.5
    far_above = landscape([rattled, rocksalt], [-4.51, -4.5], "toy")
    assert far_above[0].index == 0


def test_groups_with_one_face_are_joined(rocksalt: Structure) -> None:
    groups = {0: (3,), 1: (), 2: ()}
    structures = [rocksalt, rocksalt.copy(), rocksalt.copy(), rocksalt.copy()]
    structures[2].scale_lattice(1.4 * rocksalt.volume)
    assert _joined(groups, structures, [-4.5, -4.4995, -4.2, -4.5]) == {0: (3, 1), 2: ()}
