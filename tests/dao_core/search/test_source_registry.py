"""Sources of other packages are offered where ours are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

import dao_core as dao
from dao_core.errors import InputError, MissingError
from dao_core.search.compositions import enumerate_compositions, parse_target
from dao_core.search.request import SearchRequest
from dao_core.search.source_registry import OURS, price, source_class, source_names
from dao_core.search.sources import GeneratorSource, TemplateSource
from dao_core.testing.sources import check_source

MODULE = """
from pymatgen.core import Lattice, Structure
from dao_core.search.sources import Proposal


class CubicSource:
    name, seconds_per_candidate, opens = "cubic", 0.001, True

    def propose(self, cell, n, seed, first=0):
        symbols = [e.symbol for e, k in cell.composition.items() for _ in range(round(k))]
        places = [[i / len(symbols)] * 3 for i in range(len(symbols))]
        lengths = [3.6 + 0.2 * i + 0.1 * seed for i in range(first, first + n)]
        return [
            Proposal(Structure(Lattice.cubic(a), symbols, places), self.name) for a in lengths
        ]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that offers a source that works and one that is broken."""
    (tmp_path / "cubic_lattices.py").write_text(MODULE)
    (tmp_path / "broken_lattices.py").write_text("import nothing_of_that_name")
    about = tmp_path / "lattices-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lattices\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[dao.sources]\ncubic = cubic_lattices:CubicSource\n"
        "broken = broken_lattices:Source\ndao-g = cubic_lattices:CubicSource\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    source_class.cache_clear()
    yield
    source_class.cache_clear()
    sys.modules.pop("cubic_lattices", None)


def test_a_source_of_another_package_takes_part_in_a_search(package: None) -> None:
    assert source_names() == (*OURS, "broken", "cubic")
    assert source_class("dao-g") is GeneratorSource, "nobody takes a name of ours"
    (cell, *_) = enumerate_compositions(parse_target(["Cu"]), (2,), 4)
    check_source(source_class("cubic")(), cell)
    assert price("cubic") == 0.001
    found = dao.search(
        "Cu", sources="cubic", potential="ase:ase.calculators.emt:EMT", candidates=4, relax=4,
        max_atoms=2, progress=False,
    )  # fmt: skip
    assert set(found.ranking.origin) == {"cubic"}


def test_a_broken_one_is_named_and_costs_nobody_else(package: None) -> None:
    SearchRequest(targets=("Cu",), sources=("broken", "template"))
    with pytest.raises(MissingError, match=r"'broken' of the package lattices .*nothing_of_that"):
        source_class("broken")
    assert source_class("template") is TemplateSource


def test_a_name_that_nobody_offers_is_answered_with_those_that_there_are() -> None:
    expected = "Input should be 'dao-g', 'template', 'perturbation', 'heredity' or 'random'"
    with pytest.raises(ValidationError, match=expected):
        SearchRequest(targets=("Cu",), sources=("cubic",))
    with pytest.raises(InputError, match=f"sources: {expected}"):
        dao.search("Cu", sources="cubic")


def test_ours_do_what_a_search_needs() -> None:
    (cell,) = enumerate_compositions(parse_target(["MgO"]), (1,), 2)
    check_source(source_class("template")(), cell)


def test_a_source_that_forgets_where_it_was_is_found_out() -> None:
    class Forgetful(TemplateSource):
        def propose(self, cell, n, seed, first=0):
            return super().propose(cell, n, seed)

    (cell,) = enumerate_compositions(parse_target(["MgO"]), (1,), 2)
    with pytest.raises(AssertionError, match="goes on differently"):
        check_source(Forgetful(), cell)
