"""Speed of the stores and builders.

Parts: ``backends`` (upserts, key lookups and indexed ranges of the embedded store at every size,
and of maggma's MemoryStore, neosqlite, a MontyStore on SQLite and a MongoDB wire-protocol server at
1,000 documents), ``documents`` (through ``DaoStore.put``), ``builders`` (dedup and hull on the
embedded store, cold and with 1 % new; 100,000 structures take a quarter of an hour). montydb is not
among our requirements; without it MontyStore is left out.

    python benchmarks/store.py [--quick] [--json] [--sizes 1000 10000 100000] [--parts builders]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from typing import Any

from backends import BATCH, ELEMENTS, LOOKUP_BAR, UPSERTS_BAR, backend_rows, timed
from printing import show
from pymatgen.core import Lattice, Structure

from stores import DaoStore, open_store
from stores.builders import DedupBuilder, HullBuilder, StoreBuilder
from stores.documents import LabelDocument, StructureDocument, composition_fields

PARTS = ("backends", "documents", "builders")
NOTE = (
    "Embedded: every batch of 1,000 documents of 1.5 kB is one durable transaction. Builders: "
    "made-up crystals of 30 elements, at 100,000 in 4,500 chemical systems and 16,000 formulas of "
    "up to 59 structures, every tenth a near-duplicate. Bars: embedded at 100,000 documents 3,000 "
    "upserts/s and lookups under 1 ms; 1 % new in dedup at 100,000 under 5 % of the full build."
)
INCREMENTAL_BAR = 0.05
BARS = {
    "upserts_per_second": UPSERTS_BAR, "lookup_ms": LOOKUP_BAR, "incremental_ratio": INCREMENTAL_BAR
}  # fmt: skip


def main() -> None:
    """Run, print one table or one JSON object, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="within a minute on two cores")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=PARTS)
    arguments = parser.parse_args()
    sizes = [1000] if arguments.quick else arguments.sizes
    rows: list[dict[str, Any]] = []
    if "backends" in arguments.parts:
        rows += backend_rows(sizes)
    if "documents" in arguments.parts:
        rows.append(document_row(1000 if arguments.quick else 10_000))
    if "builders" in arguments.parts:
        rows += [row for size in sizes for row in builder_rows(size)]
    show({"rows": rows, "bars": BARS, "note": NOTE}, as_json=arguments.json)


def document_row(count: int) -> dict[str, Any]:
    """Documents per second by ``DaoStore.put``, as campaigns write: validated, compared, merged."""
    made: list[StructureDocument | LabelDocument] = []
    making = timed(lambda: made.extend(_documents(range(count // 2))))
    with tempfile.TemporaryDirectory() as folder, open_store(folder) as store:
        batches = [made[at : at + BATCH] for at in range(0, count, BATCH)]
        first = timed(lambda: [store.put(batch) for batch in batches])
        again = timed(lambda: [store.put(batch) for batch in batches])
    return {
        "kind": "documents", "name": "embedded", "documents": count,
        "made_per_second": count / making, "put_per_second": count / first,
        "put_again_per_second": count / again,
    }  # fmt: skip


def builder_rows(size: int) -> list[dict[str, Any]]:
    """Dedup and hull builders: a full build of 99 %, then the last 1 %."""
    with tempfile.TemporaryDirectory() as folder, open_store(folder) as store:
        first = size - size // 100
        for start in range(0, first, BATCH):
            fill(store, range(start, min(first, start + BATCH)))
        cold = {kind.name: _built(kind(store)) for kind in (DedupBuilder, HullBuilder)}
        fill(store, range(first, size))
        new = {kind.name: _built(kind(store)) for kind in (DedupBuilder, HullBuilder)}
    return [_builder_row(name, size, cold[name], new[name]) for name in cold]


def _built(builder: StoreBuilder) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    start = time.process_time()
    return builder.build().seconds, time.process_time() - start


def _builder_row(
    name: str, size: int, cold: tuple[float, float], new: tuple[float, float]
) -> dict[str, Any]:
    """One row; the ratio is of CPU seconds, which other work on the machine changes little."""
    ratio = new[1] / cold[1]
    return {
        "kind": "builder", "name": name, "documents": size,
        "cold_seconds": cold[0], "cold_cpu_seconds": cold[1],
        "one_percent_seconds": new[0], "one_percent_cpu_seconds": new[1],
        "incremental_ratio": ratio,
        "meets_bars": ratio < INCREMENTAL_BAR if name == "dedup" and size >= 100_000 else None,
    }  # fmt: skip


def fill(store: DaoStore, numbers: range) -> None:
    """Write the structures and labels of some numbers."""
    store.put(_documents(numbers))


def _documents(numbers: range) -> list[StructureDocument | LabelDocument]:
    """Crystals of many systems with labels; every tenth is a near-duplicate of the one before.

    Ids are made from the number: hashing 100,000 crystals is another benchmark.
    """
    batch: list[StructureDocument | LabelDocument] = []
    for number in numbers:
        crystal = _crystal(number)
        common = composition_fields(crystal)
        identity, content = f"s-{number:020x}", crystal.as_dict()
        batch.append(
            StructureDocument(
                structure_id=identity, space_group="Fm-3m", space_group_number=225,
                volume_per_atom=crystal.volume / len(crystal), density=1.0, structure=content,
                **common,
            )
        )  # fmt: skip
        energy = -1.0 - random.Random(number).random() * common["nelements"]
        batch.append(
            LabelDocument(
                label_id=f"l-{number:020x}", structure_id=identity, level="bench", source="bench",
                energy_per_atom=energy, structure=content, **common,
            )
        )  # fmt: skip
    return batch


def _crystal(number: int) -> Structure:
    seed = number - (number % 10 == 9)
    chance = random.Random(seed)
    a = 4.0 + chance.random() * 2 + (0.001 if seed != number else 0.0)
    if number < len(ELEMENTS):
        return Structure(Lattice.cubic(a), [ELEMENTS[number]], [[0, 0, 0]])
    first, second, third = chance.sample(ELEMENTS, 3)
    species = [first, second, *chance.choice([[second], [third], [third, third]])]
    sites = [[0, 0, 0], [0.5, 0.5, 0.1 + 0.8 * chance.random()], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return Structure(Lattice.cubic(a), species, sites[: len(species)])


if __name__ == "__main__":
    main()
