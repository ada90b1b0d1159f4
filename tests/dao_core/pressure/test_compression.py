"""Compression with real potentials: EMT metals and CHGNet's sodium chloride."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.potentials import load_potential
from dao_core.pressure import compress, fit_equation_of_state, phase_sequence


@pytest.fixture(scope="module")
def copper() -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])


def test_copper_of_emt_has_its_published_bulk_modulus(copper: Structure) -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    primitive = copper.get_primitive_structure()
    (curve,) = compress({"fcc": primitive}, emt, [-4, -2, 0, 2, 4, 8])
    state = fit_equation_of_state(curve)
    assert [point.pressure for point in curve.points] == [-4, -2, 0, 2, 4, 8]
    assert (4 * state.volume_per_atom) ** (1 / 3) == pytest.approx(3.59, abs=0.01)
    assert state.bulk_modulus == pytest.approx(134, rel=0.05)  # Jacobsen, Stoltze, Norskov 1996
    slope = (curve.points[4].energy_per_atom - curve.points[0].energy_per_atom) / (
        curve.points[4].volume_per_atom - curve.points[0].volume_per_atom
    )
    assert slope == pytest.approx(0, abs=0.01)  # -dE/dV = p is about zero between -4 and 4 GPa


def test_what_cannot_be_relaxed_is_lost_with_its_reason(copper: Structure) -> None:
    emt = load_potential("ase:ase.calculators.emt:EMT")
    sodium = Structure(Lattice.cubic(4.2), ["Na"], [[0, 0, 0]])  # EMT has no sodium
    curves = compress({"Cu": copper.get_primitive_structure(), "Na": sodium}, emt, [0, 5])
    assert len(curves[0].points) == 2
    assert not curves[1].points
    assert list(curves[1].lost) == [0]
    with pytest.raises(InputError, match="needs 5 pressures"):
        fit_equation_of_state(curves[0])
    with pytest.raises(InputError, match="at least one"):
        compress({}, emt, [0])


@pytest.mark.slow
def test_sodium_chloride_goes_from_rocksalt_to_caesium_chloride() -> None:
    """Experiment: 27-30 GPa (Bassett et al. 1968; Li and Jeanloz 1987); CHGNet: 16.5 GPa."""
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.65), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ).get_primitive_structure()
    caesium = Structure(Lattice.cubic(3.4), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    chgnet = load_potential("chgnet")
    curves = compress({"B1": rocksalt, "B2": caesium}, chgnet, [0, 10, 20, 30, 40])
    found = phase_sequence(curves)
    assert found.stable == ("B1", "B2")
    assert found.transitions[0].pressure == pytest.approx(16.5, abs=1.5)
    assert found.transitions[0].volume_change < 0
