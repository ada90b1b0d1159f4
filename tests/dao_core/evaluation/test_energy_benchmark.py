from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from dao_core.evaluation.energy_benchmark import (
    Energies,
    calibration,
    clean_figures,
    disturbed,
    disturbed_figures,
    energies_of,
)
from dao_core.evaluation.sets import Reference
from dao_core.potentials import Potential, load_potential


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("ase:ase.calculators.emt:EMT")


@pytest.fixture(scope="module")
def metals() -> list[Structure]:
    cells = {"Cu": 3.6, "Al": 4.0, "Ni": 3.5}
    return [
        Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), [symbol], [[0, 0, 0]])
        for symbol, a in cells.items()
    ]


def test_errors_ranks_and_calibration_of_a_hand_made_case(rocksalt, zincblende, diamond) -> None:
    references = [Reference(*pair) for pair in zip("abc", (rocksalt, zincblende, diamond))]  # noqa: B905
    labels = [-3.0, -2.9, 0.0]
    ours = np.array([-2.9, -2.7, 0.1])
    figures = clean_figures(references, labels, Energies(ours - 5, np.full(3, 0.15), ours, []))
    assert figures["mae"] == pytest.approx((0.1 + 0.2 + 0.1) / 3)
    assert figures["bias"] == pytest.approx(figures["mae"])
    assert (figures["spearman"], figures["formulas"]) == (pytest.approx(1), 1)
    assert (figures["pair_accuracy"], figures["pairs"]) == (1, 1)
    assert figures["within_std"] == pytest.approx(2 / 3)
    assert figures["within_two_std"] == 1


def test_polymorphs_in_the_wrong_order_are_counted(rocksalt, zincblende) -> None:
    references = [Reference("a", rocksalt), Reference("b", zincblende)]
    nothing = np.full(2, np.nan)
    wrong = Energies(np.array([-1.0, -2.0]), nothing, nothing, [])
    figures = clean_figures(references, [-3.0, -2.0], wrong)
    assert figures["spearman"] == pytest.approx(-1)
    assert figures["pair_accuracy"] == 0
    assert figures["mae"] is None
    assert figures["within_std"] is None


def test_calibration_sees_which_errors_were_foreseen() -> None:
    error = np.array([0.01, 0.02, 0.04])
    assert calibration(error, error * 1.1) == {
        "within_std": 1.0, "within_two_std": 1.0, "std_spearman": pytest.approx(1),
    }  # fmt: skip
    assert calibration(error, error[::-1])["std_spearman"] == pytest.approx(-1)


def test_energies_come_in_the_order_given(emt: Potential, metals: list[Structure]) -> None:
    sizes = [metals[0].make_supercell(2, in_place=False), *metals]
    energies = energies_of(sizes, emt)
    alone = [energies_of([crystal], emt).per_atom[0] for crystal in sizes]
    assert energies.per_atom == pytest.approx(alone)
    assert energies.per_atom[0] == pytest.approx(energies.per_atom[1])
    assert [len(forces) for forces in energies.forces] == [32, 4, 4, 4]
    assert np.isnan(energies.formation).all()


def test_a_perfect_potential_goes_down_everywhere(emt: Potential, metals: list[Structure]) -> None:
    figures = disturbed_figures(metals, emt, emt, seed=0)
    assert figures["lower"] == figures["converged"] == 1
    assert figures["mean_fall"] > 0.01
    assert figures["energy_mae"] == pytest.approx(0, abs=1e-9)
    assert figures["within_std"] is None


def test_disturbance_depends_on_the_seed_alone(metals: list[Structure]) -> None:
    first, again, other = (disturbed(metals[0], seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first.lattice != metals[0].lattice
