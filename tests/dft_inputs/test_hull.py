from __future__ import annotations

import pytest

from dft_inputs.errors import LevelMismatchError
from dft_inputs.hull import HullPoint, energies_above_hull


def point(formula: str, energy: float, level: str = "qe@1") -> HullPoint:
    return HullPoint(formula=formula, energy_per_atom=energy, level=level)


def test_energy_above_hull_by_hand() -> None:
    points = {
        "A": point("Mg", -1.0),
        "B": point("O", -5.0),
        "AB": point("MgO", -6.0),
        "AB2": point("MgO2", -5.0),
    }
    above = energies_above_hull(points, "Mg-O")
    # On the line from MgO (x = 1/2) to O (x = 1), at x = 2/3: -6 * 2/3 - 5 * 1/3.
    assert above["AB2"] == pytest.approx(-5.0 - (-6.0 * 2 / 3 - 5.0 / 3))
    assert above["AB"] == above["A"] == above["B"] == 0.0


def test_an_energy_of_another_level_is_refused() -> None:
    points = {"A": point("Mg", -1.0), "B": point("O", -5.0, "qe@2"), "AB": point("MgO", -6.0)}
    with pytest.raises(LevelMismatchError, match="qe@1, qe@2"):
        energies_above_hull(points, "Mg-O")


def test_a_missing_element_is_named() -> None:
    with pytest.raises(LevelMismatchError, match="no hull of Mg-O: O has no energy"):
        energies_above_hull({"A": point("Mg", -1.0), "AB": point("MgO", -6.0)}, "Mg-O")


def test_points_of_other_systems_do_not_matter() -> None:
    points = {"A": point("Mg", -1.0), "B": point("O", -5.0), "C": point("SiO2", -9.0, "other")}
    assert set(energies_above_hull(points, "Mg-O")) == {"A", "B"}
