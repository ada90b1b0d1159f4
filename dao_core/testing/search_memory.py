"""What every :class:`dao_core.search.memory.SearchMemory` must do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pymatgen.core import Lattice, Structure

from dao_core.search.memory import SearchMemory
from dao_core.search.records import Candidate, RelaxedCandidate


def check_search_memory(memory: SearchMemory) -> None:
    """Run an empty memory through all that a search asks of one.

    Args:
        memory: A new one; what is put into it stays there.

    Raises:
        AssertionError: It does not do what a search needs.
    """
    _remembers_work(memory)
    candidate, relaxed = _crystals()
    _keeps_crystals(memory, candidate, relaxed)
    _tells_searches_apart(memory, relaxed)


def _remembers_work(memory: SearchMemory) -> None:
    assert memory.done([]) == {}
    assert memory.done(["a-1"]) == {}
    memory.record("a-1", "screened", {"c-1": -1.5, "c-2": None}, 0.25, "one")
    done = memory.done(["a-1", "a-2"])
    assert list(done) == ["a-1"]
    assert dict(done["a-1"].outcome) == {"c-1": -1.5, "c-2": None}
    assert (done["a-1"].seconds, done["a-1"].search_id) == (0.25, "one")


def _keeps_crystals(memory: SearchMemory, candidate: Candidate, relaxed: RelaxedCandidate) -> None:
    with memory.together():
        memory.put_candidates([candidate], "one")
        memory.put_relaxed([relaxed], "one")
    _same([candidate], memory.candidates([candidate.candidate_id, "unknown"]))
    _same([relaxed], memory.relaxed([relaxed.relaxation_id, "unknown"]))
    assert memory.known_relaxations([relaxed.relaxation_id, "unknown"]) == {relaxed.relaxation_id}
    assert memory.converged_energies([relaxed.relaxation_id]) == [("NaCl", -3.5)]
    assert memory.converged_energies([]) == []
    identity = str(relaxed.structure_id)
    assert memory.structures([identity, "unknown"]).keys() == {identity}
    (end,) = memory.ends([candidate.candidate_id])
    assert abs(end.structure.volume - 2 * 22.0) < 1e-6


def _tells_searches_apart(memory: SearchMemory, relaxed: RelaxedCandidate) -> None:
    elements = {"Na", "Cl"}
    assert memory.phases("test", elements, "one") == []
    _same([relaxed], memory.phases("test", elements, "two"))
    assert memory.phases("test", {"Na"}, "two") == []
    assert memory.phases("another", elements, "two") == []
    memory.put_relaxed([replace(relaxed)], "two")
    assert memory.phases("test", elements, "two") == []
    _same([relaxed], memory.phases("test", elements, "three"))
    memory.put_crystals([_rocksalt(30.0)])
    assert memory.stable(elements, 0.05, 60, 40) == {}
    assert memory.returned("soft-mode", {"NaCl"}) == []


def _same(
    wanted: Sequence[Candidate | RelaxedCandidate], found: Sequence[Candidate | RelaxedCandidate]
) -> None:
    """The same records; how their crystals are written down does not matter."""
    assert [replace(one, structure=None) for one in found] == [
        replace(one, structure=None) for one in wanted
    ]
    assert [one.to_pymatgen() for one in found] == [one.to_pymatgen() for one in wanted]


def _crystals() -> tuple[Candidate, RelaxedCandidate]:
    """A candidate of rocksalt NaCl, and how it relaxed."""
    start = _rocksalt(24.0)
    candidate = Candidate.of(start, {"origin": "test", "formula": "NaCl", "z": 1, "index": 0})
    end = _rocksalt(22.0)
    relaxed = RelaxedCandidate(
        relaxation_id="r-1",
        level="test",
        stop_reason="converged",
        formula="NaCl",
        nsites=2,
        candidate_id=candidate.candidate_id,
        initial_structure_id=candidate.structure_id,
        structure_id="s-1",
        energy_per_atom=-3.5,
        converged=True,
        volume_per_atom=22.0,
        space_group="Fm-3m",
        space_group_number=225,
        structure=end.as_dict(),
    )
    return candidate, relaxed


def _rocksalt(volume_per_atom: float) -> Structure:
    lattice = Lattice.cubic((8 * volume_per_atom) ** (1 / 3))
    conventional = Structure.from_spacegroup("Fm-3m", lattice, ["Na", "Cl"], [[0, 0, 0], [0.5] * 3])
    return conventional.get_primitive_structure()
