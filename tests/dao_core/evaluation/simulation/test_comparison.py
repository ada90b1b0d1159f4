"""Figures of a simulation from rounds made by hand."""

from __future__ import annotations

from pathlib import Path

from pymatgen.core import Lattice, Structure

from dao_core.evaluation.discovery import KnownPhase
from dao_core.evaluation.simulation.answer import Answer
from dao_core.evaluation.simulation.comparison import report
from dao_core.evaluation.simulation.request import SimulationRequest
from dao_core.evaluation.simulation.round import Round

CSCL = Structure(Lattice.cubic(3.1), ["Cu", "Au"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_figures_count_each_phase_once_and_all_work_until_then() -> None:
    phases = [KnownPhase(name, CSCL, -1.0) for name in ("a", "b")]
    cost = {"relaxations": 10, "labels": 4, "lost": 0, "beneath": 1, "error": 0.1, "seconds": 1.0}
    rounds = [
        Round(campaign_id="1", found={"a": 3}, confirmed={}, **cost),
        Round(campaign_id="2", found={"a": 1, "b": 5}, confirmed={"b": 2}, **cost),
    ]
    unlucky = [one.model_copy(update={"found": {}, "confirmed": {}}) for one in rounds]
    request = SimulationRequest(system="Cu-Au", reference=Path("none"))
    result = report(request, Answer([], phases, "x"), {"loop": {0: rounds, 1: unlucky}})
    last = result["rows"][-1]
    assert (last["relaxations"], last["labels"], last["relaxed into"]) == (20, 8, 1.0)
    assert (last["per 100 relaxations"], last["confirmed per label"]) == (5.0, 0.5 / 8)
    assert last["labels below the known hull"] == 2
    assert result["hits"]["loop"]["found"] == [[3, 15], []]
    assert result["hits"]["loop"]["confirmed"] == [[6], []]
