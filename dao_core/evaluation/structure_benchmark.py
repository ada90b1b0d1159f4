"""One run of the structure benchmark: made in pieces, each kept on disk, then matched and scored.

A run that is killed goes on from its last piece: the folder of its pieces is named by all that can
change a result.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dao_core.drafts import draft_of
from dao_core.evaluation.candidates import (
    STAGES,
    Candidates,
    Piece,
    make_candidates,
    piece_as_dict,
    piece_from_dict,
)
from dao_core.evaluation.evaluate import BenchmarkResult, evaluate
from dao_core.evaluation.matching import LOOSE, STRICT
from dao_core.evaluation.sampling import Sampler, questions
from dao_core.evaluation.scores import SampleRow
from dao_core.evaluation.sets import BenchmarkSet
from dao_core.hashing import text_hash
from dao_core.potentials import Potential

SAMPLES_PER_PIECE = 500
"""What is lost when a run is killed: half a minute of sampling, a few minutes of relaxation."""

Advance = Callable[[str, int], None]
"""Told the kind of work and how many references of it are finished."""


@dataclass(frozen=True)
class BenchmarkSettings:
    """What is asked of a sampler.

    Attributes:
        k: samples for each reference.
        seeds: one run each.
        relaxed: so many samples of each reference, those of lowest energy, are relaxed.
        processes: workers for matching; all cores by default.
    """

    k: int
    seeds: tuple[int, ...] = (0,)
    relaxed: int = 0
    processes: int | None = None


@dataclass(frozen=True)
class StructureRun:
    """Everything that came of a run.

    Attributes:
        results: ``(stage, seed)`` to rows and metrics.
        seconds: wall-clock seconds by kind of work, summed over seeds.
        relaxations: how many relaxations ended for each reason.
    """

    results: dict[tuple[str, int], BenchmarkResult]
    seconds: dict[str, float]
    relaxations: dict[str, int]

    @property
    def stages(self) -> list[str]:
        """The stages of this run, in order."""
        return [stage for stage in STAGES if any(stage == name for name, _ in self.results)]


def run_structure_benchmark(
    benchmark: BenchmarkSet,
    sampler: Sampler,
    potential: Potential | None,
    settings: BenchmarkSettings,
    folder: Path,
    advance: Advance = lambda _kind, _done: None,
) -> StructureRun:
    """Sample, rank, relax and match; what the folder already holds is not done again.

    Args:
        benchmark: the set.
        sampler: where samples come from.
        potential: ranks and relaxes.
        settings: see :class:`BenchmarkSettings`.
        folder: where pieces of this and other runs are kept.
        advance: progress.
    """
    work = folder / run_key(benchmark, sampler, potential, settings)
    results: dict[tuple[str, int], BenchmarkResult] = {}
    seconds: dict[str, float] = {}
    relaxations: dict[str, int] = {}
    for seed in settings.seeds:
        pieces = _made(benchmark, sampler, potential, settings, seed, work, advance)
        for piece in pieces:
            _add(seconds, piece.seconds)
            _add(relaxations, piece.relaxations)
        for stage in pieces[0].stages if pieces else ():
            joined = _joined([piece.stages[stage] for piece in pieces])
            file = work / f"{stage}-{seed}.json.gz"
            results[stage, seed] = _matched(benchmark, joined, settings, file)
            advance("matched", 1)
    return StructureRun(results, seconds, relaxations)


def run_key(
    benchmark: BenchmarkSet,
    sampler: Sampler,
    potential: Potential | None,
    settings: BenchmarkSettings,
) -> str:
    """Sixteen hexadecimal digits of all that can change a sample; seeds have files of their own."""
    content = {
        "set": benchmark.set_hash,
        "order": [reference.material_id for reference in benchmark.references],
        "sampler": sampler.identity,
        "level": potential.level if potential else None,
        "k": settings.k,
        "relaxed": settings.relaxed,
    }
    return text_hash(json.dumps(content, sort_keys=True), 16)


def _made(
    benchmark: BenchmarkSet,
    sampler: Sampler,
    potential: Potential | None,
    settings: BenchmarkSettings,
    seed: int,
    work: Path,
    advance: Advance,
) -> list[Piece]:
    """The pieces of one seed, from disk where they are there."""
    asked = questions(benchmark.references)
    size = max(1, SAMPLES_PER_PIECE // settings.k)
    pieces = []
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        file = work / f"made-{seed}-{start:06d}.json.gz"
        known = _known(file)
        if known is not None:
            piece = piece_from_dict(known)
        else:
            piece = make_candidates(sampler, part, settings.k, seed, potential, settings.relaxed)
            _write(file, piece_as_dict(piece))
        pieces.append(piece)
        advance("sampled", len(part))
    return pieces


def _joined(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of consecutive references as one."""
    return Candidates(
        [row for part in parts for row in part.structures],
        [row for part in parts for row in part.energies],
        [row for part in parts for row in part.preferences],
    )


def _matched(
    benchmark: BenchmarkSet, candidates: Candidates, settings: BenchmarkSettings, file: Path
) -> BenchmarkResult:
    """One stage of one seed against the references, from disk where it is there."""
    known = _known(file)
    if known is not None:
        return _result_from_dict(known, benchmark)
    ranked = any(energy is not None for row in candidates.energies for energy in row)
    result = evaluate(
        benchmark.references,
        candidates.structures,
        candidates.energies if ranked else None,
        candidates.preferences,
        processes=settings.processes,
    )
    _write(
        file, {"rows": [[asdict(row) for row in rows] for rows in result.rows], "pool": result.pool}
    )
    return result


def _result_from_dict(content: dict[str, Any], benchmark: BenchmarkSet) -> BenchmarkResult:
    rows = [[SampleRow(**row) for row in rows] for rows in content["rows"]]
    pool = [[(sample, rmse) for sample, rmse in found] for found in content["pool"]]
    formulas = [reference.formula for reference in benchmark.references]
    return BenchmarkResult(rows, pool, formulas, LOOSE, STRICT)


def _add(total: dict[str, Any], part: dict[str, Any]) -> None:
    """Add numbers by name."""
    for name, value in part.items():
        total[name] = total.get(name, 0) + value


def _known(file: Path) -> dict[str, Any] | None:
    """What an earlier run wrote; None where there is nothing, or nothing that can be read."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            content: dict[str, Any] = json.load(stream)
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return content


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(file) as draft, gzip.open(draft, "wt", encoding="utf-8", compresslevel=4) as out:
        json.dump(content, out)
