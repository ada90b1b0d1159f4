"""A whole simulation: every search with every seed, and the table that compares them."""

from __future__ import annotations

import json
from typing import Any

from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

from dao_core import progress
from dao_core.drafts import draft_of
from dao_core.errors import InputError
from dao_core.evaluation.simulation.answer import known_answer
from dao_core.evaluation.simulation.comparison import report
from dao_core.evaluation.simulation.request import ARMS, SimulationRequest
from dao_core.evaluation.simulation.round import Round
from dao_core.potentials import load_potential
from flows.campaign.server import server_of_its_own
from flows.simulation.search import Search

STAGE = "simulated"


def simulate(request: SimulationRequest) -> dict[str, Any]:
    """Run what is missing of a simulation and compare the searches.

    It has a Prefect server and database of its own: no event of a simulation starts anything on
    the user's server.

    Raises:
        InputError: An arm is unknown; ``out`` holds another simulation; the reference or hold-out
            is of no use.
    """
    unknown = sorted(set(request.arms) - set(ARMS))
    if unknown:
        raise InputError(f"unknown search {', '.join(unknown)}; known are {', '.join(ARMS)}")
    _claim(request)
    truth = load_potential(request.truth)
    answer = known_answer(request, truth)
    database = f"sqlite+aiosqlite:///{request.out.absolute() / 'prefect.db'}"
    progress.begin(STAGE, len(request.arms) * len(request.seeds))
    done: dict[str, dict[int, list[Round]]] = {arm: {} for arm in request.arms}
    with (
        temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: database}),
        server_of_its_own(),
    ):
        for seed in request.seeds:
            for name in request.arms:
                folder = request.out / name / f"seed-{seed}"
                done[name][seed] = Search(request, ARMS[name], seed, folder, answer, truth).run()
                progress.advance(STAGE)
    return report(request, answer, done)


def _claim(request: SimulationRequest) -> None:
    """Keep a folder to one simulation: results of two settings must not mix."""
    file = request.out / "settings.json"
    settings = json.dumps(request.deciding(), sort_keys=True)
    if file.is_file() and file.read_text(encoding="utf-8") != settings:
        raise InputError(
            f"{request.out} holds a simulation with other settings; give another --out"
        )
    request.out.mkdir(parents=True, exist_ok=True)
    with draft_of(file) as draft:
        draft.write_text(settings, encoding="utf-8")
