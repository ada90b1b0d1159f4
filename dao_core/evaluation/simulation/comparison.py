"""The table that compares the searches of a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dao_core.evaluation.simulation.answer import Answer
from dao_core.evaluation.simulation.request import SimulationRequest
from dao_core.evaluation.simulation.round import Round

Rounds = Mapping[str, Mapping[int, Sequence[Round]]]
"""Arm -> seed -> rounds."""


def report(request: SimulationRequest, answer: Answer, done: Rounds) -> dict[str, Any]:
    """The result as JSON values.

    ``rows`` has what each search had after each round, mean over seeds, then each retraining;
    ``hits`` the numbers of relaxations and of labels after which each wanted phase was there, for
    the plot.

    Args:
        request: What was asked.
        answer: What there is to find.
        done: The rounds of each search with each seed.
    """
    return {
        "note": _note(request, answer),
        "system": request.system,
        "level": answer.level,
        "wanted": {one.name: one.structure.composition.reduced_formula for one in answer.wanted},
        "seeds": list(request.seeds),
        "rows": [*_compared(request, answer, done), *_retrainings(done)],
        "hits": {arm: _hits(by_seed) for arm, by_seed in done.items()},
    }


def _note(request: SimulationRequest, answer: Answer) -> str:
    """What the figures are of, and how far they carry."""
    formulas = ", ".join(sorted(p.structure.composition.reduced_formula for p in answer.wanted))
    return (
        f"{request.system}, {answer.level} in the place of DFT. To find: {formulas} (its stable "
        f"compounds of at most {request.max_atoms} atoms). Mean over {len(request.seeds)} seeds; "
        f"{request.relax} relaxations and at most {request.labels} labels in a round. Small scale: "
        "differences of less than a phase or two say nothing. Templates know the prototypes of "
        "many known phases, and DAO-G was trained on some phases of most systems; `random` knows "
        "none."
    )


def _compared(request: SimulationRequest, answer: Answer, done: Rounds) -> Iterator[dict[str, Any]]:
    for arm, by_seed in done.items():
        for number in range(1, request.rounds + 1):
            parts = [rounds[:number] for rounds in by_seed.values()]
            relaxations = _mean([sum(r.relaxations for r in part) for part in parts])
            labels = _mean([sum(r.labels for r in part) for part in parts])
            found = [len({name for r in part for name in r.found}) for part in parts]
            confirmed = [len({name for r in part for name in r.confirmed}) for part in parts]
            errors = [part[-1].error for part in parts if part[-1].error is not None]
            yield {
                "search": arm,
                "rounds": number,
                "relaxations": relaxations,
                "labels": labels,
                "phases to find": len(answer.wanted),
                "relaxed into": _mean(found),
                "spread over seeds": float(np.std(found)),
                "per 100 relaxations": 100 * _mean(found) / relaxations if relaxations else None,
                "confirmed by a label": _mean(confirmed),
                "confirmed per label": _mean(confirmed) / labels if labels else None,
                "labels below the known hull": _mean([sum(r.beneath for r in p) for p in parts]),
                "error of DAO-P in the last round (eV/atom)": _mean(errors) if errors else None,
            }


def _retrainings(done: Rounds) -> Iterator[dict[str, Any]]:
    for arm, by_seed in done.items():
        for seed, rounds in by_seed.items():
            for number, one in enumerate(rounds, start=1):
                for outcome in one.outcomes:
                    yield {
                        "retraining": arm,
                        "seed": seed,
                        "after round": number,
                        "model": outcome.kind,
                        "promoted": outcome.promoted,
                        "reason": outcome.reason,
                        "relaxations moved": one.relaxed_again,
                    }


def _hits(by_seed: Mapping[int, Sequence[Round]]) -> dict[str, Any]:
    """Relaxations and labels until each wanted phase was first there, for every seed."""
    hits: dict[str, Any] = {"relaxations": [], "labels": [], "found": [], "confirmed": []}
    for rounds in by_seed.values():
        relaxations, labels = 0, 0
        found: dict[str, int] = {}
        confirmed: dict[str, int] = {}
        for one in rounds:
            for name, number in one.found.items():
                found.setdefault(name, relaxations + number)
            for name, number in one.confirmed.items():
                confirmed.setdefault(name, labels + number)
            relaxations += one.relaxations
            labels += one.labels
        hits["relaxations"].append(relaxations)
        hits["labels"].append(labels)
        hits["found"].append(sorted(found.values()))
        hits["confirmed"].append(sorted(confirmed.values()))
    return hits


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
