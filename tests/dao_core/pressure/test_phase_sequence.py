"""Phase sequences of model crystals whose crossings are known."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.pressure import CompressionCurve, CompressionPoint, phase_sequence
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

CELL = Structure(Lattice.cubic(3), ["Si"], [[0, 0, 0]])


def incompressible(
    name: str, energy: float, volume: float, std: float | None = None
) -> CompressionCurve:
    """H = E + pV is a straight line: crossings can be worked out by hand."""
    points = [CompressionPoint(p, CELL, energy, volume, std) for p in (0.0, 20.0, 40.0)]
    return CompressionCurve(name, "Si", "toy", points)


def test_the_crossing_is_where_the_energy_gap_is_paid_by_the_volume() -> None:
    open_, dense = incompressible("open", -5.0, 20.0), incompressible("dense", -4.7, 15.0)
    found = phase_sequence([dense, open_])
    assert found.stable == ("open", "dense")
    (transition,) = found.transitions
    assert transition.pressure == pytest.approx(0.3 / 5.0 * EV_PER_CUBIC_ANGSTROM_IN_GPA)
    assert transition.volume_change == pytest.approx(-5.0)
    assert transition.pressure_std is None


def test_uncertainty_of_the_energies_over_the_volume_change() -> None:
    curves = [incompressible("a", -5.0, 20.0, 0.03), incompressible("b", -4.7, 15.0, 0.04)]
    (transition,) = phase_sequence(curves).transitions
    assert transition.pressure_std == pytest.approx(0.05 / 5 * EV_PER_CUBIC_ANGSTROM_IN_GPA)


def test_a_polymorph_that_is_never_lowest_does_not_appear() -> None:
    curves = [
        incompressible("open", -5.0, 20.0),
        incompressible("never", -4.6, 18.0),
        incompressible("dense", -4.7, 15.0),
    ]
    assert phase_sequence(curves).stable == ("open", "dense")


def test_a_curve_that_ended_early_limits_the_range() -> None:
    short = CompressionCurve("short", "Si", "toy", incompressible("x", -5, 20).points[:2])
    assert phase_sequence([short, incompressible("long", -4.7, 15.0)]).highest == 20.0


def test_different_compositions_or_nothing_to_compare_are_refused() -> None:
    other = CompressionCurve("other", "Ge", "toy", incompressible("x", -5, 20).points)
    with pytest.raises(InputError, match="one composition"):
        phase_sequence([other, incompressible("a", -5, 20)])
    with pytest.raises(InputError, match="two pressures"):
        phase_sequence([CompressionCurve("empty", "Si", "toy")])
