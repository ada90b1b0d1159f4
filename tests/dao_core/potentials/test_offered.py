"""Potentials of other packages are known where ours are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

import dao_core as dao
from dao_core.errors import InputError, MissingError
from dao_core.potentials import Potential, load_potential
from dao_core.potentials.catalogue import check_name
from dao_core.testing.potentials import check_potential
from flows.campaign.config_file import build_request
from flows.cli.app import main
from flows.doctor import examine

MODULE = """
from dao_core.potentials import load_potential


def soft_metals():
    return load_potential("ase:ase.calculators.emt:EMT")
"""
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.7), ["Cu"], [[0, 0, 0]])
ALLOY = Structure(Lattice.tetragonal(2.8, 3.6), ["Cu", "Au"], [[0, 0, 0], [0.45, 0.5, 0.5]])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that offers a potential that works and one that is broken."""
    (tmp_path / "soft_metals.py").write_text(MODULE)
    about = tmp_path / "metals-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: metals\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[dao.potentials]\nsoft-metals = soft_metals:soft_metals\n"
        "broken-metals = nothing_of_that_name:Potential\ndao-p = soft_metals:soft_metals\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("soft_metals", None)


def test_it_relaxes_a_search_and_stands_in_a_campaign(package: None) -> None:
    check_potential(load_potential("soft-metals"), [COPPER, ALLOY])
    request = build_request({"targets": ("Cu",), "potential": "soft-metals"})
    assert request.potential == "soft-metals"
    found = dao.search(
        "Cu", sources="template", potential="soft-metals", candidates=4, relax=4, max_atoms=2,
        progress=False,
    )  # fmt: skip
    assert len(found.ranking)
    assert load_potential("dao-p").level.startswith("dao-p@"), "nobody takes a name of ours"


def test_help_of_a_misspelt_name_and_doctor_know_it(
    package: None,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InputError, match=r"did you mean soft-metals\? .*chgnet.*soft-metals"):
        check_name("soft-metal")
    assert main(["campaign", "Cu", "--potential", "soft-metal"]) == 2
    assert "soft-metals" in capsys.readouterr().err
    monkeypatch.setattr("flows.doctor.CATALOGUE", {})
    parts = {check.part: check for check in examine(str(tmp_path / "store"))}
    assert parts["soft-metals"].works
    assert not parts["broken-metals"].works
    assert "nothing_of_that_name" in parts["broken-metals"].detail


def test_a_broken_one_is_named(package: None) -> None:
    with pytest.raises(MissingError, match=r"'broken-metals' of the package metals .*nothing_of"):
        load_potential("broken-metals")


class PerBatch:
    """Energies that depend on what else is asked."""

    def __init__(self, potential: Potential) -> None:
        self._potential, self.level, self.domain = potential, "per-batch", potential.domain

    def evaluate(self, batch):  # type: ignore[no-untyped-def]
        found = self._potential.evaluate(batch)
        return replace(found, energy=found.energy + len(batch.natoms))


def test_one_whose_energies_depend_on_the_batch_is_found_out() -> None:
    potential = PerBatch(load_potential("ase:ase.calculators.emt:EMT"))
    with pytest.raises(AssertionError, match="rest of the batch"):
        check_potential(potential, [COPPER, ALLOY])
