"""The relaxation of the data between the two stages of DAO-G's training.

Entries on or near the hull stay as they are; those above are relaxed by a potential; those far
above stay as they are or are left out, by choice. Every entry keeps its labels and says where it
comes from and what was done to it; what is left out is named in its shard.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import unusable_reason
from dao_core.drafts import draft_of
from dao_core.errors import InputError
from dao_core.hashing import file_hash
from dao_core.potentials.base import Potential
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.training.folder_identity import claim
from dao_core.training.records import iterate_records

SHARD_PATTERN = "relaxed-*.json.gz"
HULL = "e_above_hull"
LEFT_OUT = "left out: "
USEFUL_ENDS = frozenset({"converged", "max_steps", "stalled"})
"""Stop reasons after which the end is a better crystal than the start."""

Record = dict[str, Any]


@dataclass(frozen=True)
class RecordRelaxation:
    """Which entries are relaxed, and how.

    Attributes:
        stable: eV/atom above the hull up to which an entry stays as it is (as published).
        relaxable: eV/atom above the hull up to which it is relaxed.
        keep_beyond: whether entries above that are kept unrelaxed; else they are left out.
        shard_size: entries per shard; what a killed process loses at most.
        max_steps: of each relaxation.
        part: (i, n), this process does the shards i, i + n, ... of the order, i from 0.
    """

    stable: float = 0.08
    relaxable: float = 0.5
    keep_beyond: bool = True
    shard_size: int = 256
    max_steps: int = 200
    part: tuple[int, int] = (0, 1)


def parse_part(text: str) -> tuple[int, int]:
    """``"2/4"`` as (1, 4).

    Raises:
        InputError: it is not I/N with 1 <= I <= N.
    """
    first, _, second = text.partition("/")
    if first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second):
        return int(first) - 1, int(second)
    raise InputError(f"part {text!r} must be I/N with 1 <= I <= N, for example 2/4")


def relax_records(
    files: Sequence[Path],
    potential: Potential,
    folder: Path,
    settings: RecordRelaxation,
    on_shard: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """Write the shards ``relaxed-00000.json.gz`` ... that are not there yet.

    Args:
        files: record files, read one after the other.
        potential: relaxes.
        folder: receives the shards; they are record files themselves.
        settings: see :class:`RecordRelaxation`.
        on_shard: called after each shard of this part.

    Returns:
        How many entries of this part met each fate, over all shards, old and new.

    Raises:
        InputError: a file is no record file, or the folder holds shards of another relaxation.
        MissingError: a file is not there.
    """
    _claim(files, potential, folder, settings)
    total: Counter[str] = Counter()
    entries = _entries(files)
    for number in itertools.count():
        chunk = list(itertools.islice(entries, settings.shard_size))
        if not chunk:
            return total
        if number % settings.part[1] != settings.part[0]:
            continue
        shard = folder / f"relaxed-{number:05d}.json.gz"
        if not shard.is_file():
            _write(shard, _shard(chunk, potential, settings))
        with gzip.open(shard, "rt", encoding="utf-8") as file:
            total += Counter(json.load(file)["meta"]["done"])
        on_shard()
    raise AssertionError  # count() has no end


def _entries(files: Sequence[Path]) -> Iterator[Record]:
    """All records, each with the file it stands in."""
    for path in files:
        name = path.name.removesuffix(".json.gz")
        for position, record in enumerate(iterate_records(path)):
            identity = record.get("material_id", position)
            yield {**record, "source": record.get("source", f"{name}:{identity}")}


def _shard(chunk: list[Record], potential: Potential, settings: RecordRelaxation) -> Record:
    """The chunk with what was done to each entry."""
    fates = [_fate(record, settings) for record in chunk]
    rows = [row for row, fate in enumerate(fates) if isinstance(fate, Structure)]
    crystals = [fate for fate in fates if isinstance(fate, Structure)]
    results = relax(crystals, potential, RelaxSettings(max_steps=settings.max_steps))
    records = [
        {**record, "done": fate}
        for record, fate in zip(chunk, fates, strict=True)
        if isinstance(fate, str) and not fate.startswith(LEFT_OUT)
    ]
    records += [_relaxed(chunk[row], result) for row, result in zip(rows, results, strict=True)]
    left_out = [
        {"source": record["source"], "done": fate}
        for record, fate in zip(chunk, fates, strict=True)
        if isinstance(fate, str) and fate.startswith(LEFT_OUT)
    ]
    done = Counter(entry["done"] for entry in [*records, *left_out])
    meta = {"relaxed_by": potential.level, "done": dict(done), "left_out": left_out}
    return {"meta": meta, "records": records}


def _fate(record: Record, settings: RecordRelaxation) -> Structure | str:
    """The crystal to be relaxed, or what is done instead."""
    try:
        crystal = Structure(
            Lattice(record["lattice"]), record["atomic_numbers"], record["frac_coords"]
        )
        hull = None if record.get(HULL) is None else float(record[HULL])
    except (KeyError, TypeError, ValueError) as error:
        return f"{LEFT_OUT}unreadable ({type(error).__name__})"
    reason = unusable_reason(crystal)
    if reason:
        return f"{LEFT_OUT}{reason}"
    if hull is None:
        return f"as is: no {HULL}"
    if hull <= settings.stable:
        return f"as is: within {settings.stable:g} eV/atom of the hull"
    if hull <= settings.relaxable:
        return crystal
    above = f"more than {settings.relaxable:g} eV/atom above the hull"
    return f"as is: {above}" if settings.keep_beyond else f"{LEFT_OUT}{above}"


def _relaxed(record: Record, result: Relaxation) -> Record:
    """The entry after its relaxation; one that ran away stays as it was."""
    what = {
        "level": result.level,
        "stop_reason": result.stop_reason,
        "steps": result.steps,
        "energy_per_atom_before": result.energy_per_atom_before,
        "energy_per_atom": result.energy_per_atom,
        "outside_domain": result.outside_domain,
        "error": result.error,
    }
    if result.stop_reason not in USEFUL_ENDS:
        return {**record, "done": f"as is: relaxation ended {result.stop_reason}"} | {
            "relaxation": what
        }
    end = result.structure
    return record | {
        "lattice": end.lattice.matrix.tolist(),
        "frac_coords": end.frac_coords.tolist(),
        "done": "relaxed" if result.converged else f"relaxed until {result.stop_reason}",
        "relaxation": what,
    }


def _claim(
    files: Sequence[Path], potential: Potential, folder: Path, settings: RecordRelaxation
) -> None:
    """Keep shards of different relaxations apart."""
    for path in files:
        next(iter(iterate_records(path)), None)
    whole = {
        "files": [[path.name, file_hash(path)] for path in files],
        "level": potential.level,
        "settings": asdict(replace(settings, part=(0, 1))),
    }
    claim(folder / "relaxation.json", whole, "relaxed records")


def _write(path: Path, content: Record) -> None:
    with draft_of(path) as draft, gzip.open(draft, "wt", encoding="utf-8") as file:
        json.dump(content, file)
