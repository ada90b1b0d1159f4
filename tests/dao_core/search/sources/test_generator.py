from __future__ import annotations

import pytest
from pymatgen.core import Composition, Lattice, Structure

from dao_core.crystal.symmetry import space_group_number
from dao_core.errors import MissingError
from dao_core.generator.generate import Generator, load_generator
from dao_core.generator.held_parts import HeldParts
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.generator import GeneratorSource, HeldGeneratorSource


@pytest.fixture(scope="module")
def generator() -> Generator:
    try:
        return load_generator()
    except MissingError:
        pytest.skip("no generator is shipped yet")


def test_samples_have_exactly_the_atoms_and_their_provenance(generator: Generator) -> None:
    source = GeneratorSource(generator)
    cell = CompositionCell("MgO", 2, Composition("Mg2O2"), 4)
    found = source.propose(cell, 3, seed=1)
    assert [p.detail["sample"] for p in found] == [0, 1, 2]
    assert {p.detail["checkpoint_hash"] for p in found} == {generator.checkpoint_hash}
    assert all(p.structure.composition == cell.composition for p in found)
    assert {p.origin for p in found} == {"dao-g"}
    assert source.max_atoms == generator.max_atoms
    (last,) = source.propose(cell, 1, seed=1, first=2)
    assert last.detail["sample"] == 2
    assert abs(last.structure.volume - found[2].structure.volume) < 1e-3


def test_held_orbits_keep_the_space_group_and_only_fit_their_cell(generator: Generator) -> None:
    cubic = Lattice.cubic(4.2)
    rocksalt = Structure.from_spacegroup("Fm-3m", cubic, ["Mg", "O"], [[0, 0, 0], [0.5] * 3])
    held = HeldParts(orbits=rocksalt.get_primitive_structure())
    source = HeldGeneratorSource(generator, held=held, variant="orbits:test")
    fitting = CompositionCell("MgO", 1, Composition("MgO"), 2)
    found = source.propose(fitting, 2, seed=0)
    assert [space_group_number(p.structure, 0.01) for p in found] == [225, 225]
    assert {(p.origin, p.detail["variant"]) for p in found} == {("dao-g-held", "orbits:test")}
    assert source.propose(CompositionCell("MgO", 2, Composition("Mg2O2"), 4), 2, seed=0) == []


def test_cells_asked_for_together_get_what_each_gets_alone(generator: Generator) -> None:
    source = GeneratorSource(generator)
    sizes = (("MgO", 1, 2), ("TiO2", 2, 6), ("Si", 2, 2))
    cells = [CompositionCell(f, z, Composition(f) * z, natoms) for f, z, natoms in sizes]
    together = source.propose_together(cells, 2, seed=3, first=1)
    for one, found in zip(cells, together, strict=True):
        alone = source.propose(one, 2, seed=3, first=1)
        assert [p.detail for p in found] == [p.detail for p in alone]
        for left, right in zip(found, alone, strict=True):
            assert left.structure.composition == right.structure.composition
            assert left.structure.lattice.matrix == pytest.approx(
                right.structure.lattice.matrix, abs=1e-3
            )
