"""Speed of the stores and builders.

Parts: ``backends`` (upserts, key lookups and indexed ranges of the embedded store at every size,
and of maggma's MemoryStore, a MontyStore on SQLite and a MongoDB wire-protocol server as far as
they come in minutes), ``documents`` (through ``DaoStore.put``), ``builders`` (dedup and hull on the
embedded store, cold and with 1 % new; 100,000 structures take a quarter of an hour). montydb is not
among our requirements; without it MontyStore is left out.

    python benchmarks/store.py [--quick] [--json] [--sizes 1000 10000 100000] [--parts builders]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maggma.core import Store
from maggma.stores import MemoryStore, MongoStore
from maggma.stores.mongolike import MontyStore
from pymatgen.core import Lattice, Structure
from rich.console import Console
from rich.table import Table

from stores import DaoStore, open_store
from stores.builders import DedupBuilder, HullBuilder
from stores.documents import LabelDocument, StructureDocument, composition_fields, utc_now
from stores.sqlite import SqliteStore

BATCH = 1000
PARTS = ("backends", "documents", "builders")
SLOW_LIMIT = 1000
"""Documents for backends that take minutes for more; MontyStore gets a fifth of them."""
INDEXED = ("structure_id", "chemsys", "energy_above_hull", "last_updated")
ELEMENTS = ("Li", "Na", "Mg", "Ca", "Al", "Si", "Ti", "Fe", "Zn", "O", "S", "Cl")
NOTE = (
    "Embedded: every batch of 1,000 documents of 1.5 kB is one durable transaction. Builders: "
    "made-up crystals of 12 elements in 1,000 pairs of composition and space group, up to 300 in "
    "each, every tenth a near-duplicate. Bars: embedded at 100,000 documents 3,000 upserts/s and "
    "lookups under 1 ms; 1 % new in dedup at 100,000 under 5 % of the full build."
)
BARS = {"upserts_per_second": 3000.0, "lookup_ms": 1.0, "incremental_ratio": 0.05}


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
    if arguments.json:
        print(json.dumps({"rows": rows, "bars": BARS, "note": NOTE}))
    else:
        _print_table(rows)


def documents(count: int) -> list[dict[str, Any]]:
    """Structure-like documents of about 1.5 kB."""
    chance = random.Random(0)
    return [
        {
            "structure_id": f"s-{number:020x}",
            "last_updated": utc_now(),
            "chemsys": "-".join(sorted(chance.sample(ELEMENTS, 2))),
            "energy_above_hull": chance.random(),
            "structure": {
                "lattice": [[chance.random() for _ in range(3)] for _ in range(3)],
                "sites": [
                    {"label": "Mg", "abc": [chance.random() for _ in range(3)]} for _ in range(8)
                ],
            },
        }
        for number in range(count)
    ]


def backend_rows(sizes: list[int]) -> Iterator[dict[str, Any]]:
    """Every backend on the same documents; the embedded one at every size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in sizes:
            embedded = SqliteStore(folder / f"{count}.sqlite", "structures", key="structure_id")
            yield backend_row("embedded", embedded, count)
        count = min([*sizes, SLOW_LIMIT])
        memory = MemoryStore("structures", key="structure_id")
        yield backend_row("MemoryStore", memory, count)
        if importlib.util.find_spec("montydb"):
            monty = MontyStore("structures", database_path=str(folder / "monty"), storage="sqlite",
                               key="structure_id")  # fmt: skip
            yield backend_row("MontyStore(sqlite)", monty, count // 5, fields=())  # has no indexes
        else:
            print("MontyStore(sqlite) is left out: montydb is not installed", file=sys.stderr)
        with wire_server(folder) as port:
            wire = MongoStore("dao", "structures", port=port, key="structure_id")
            yield backend_row("wire protocol (nx-27017)", wire, count)


def backend_row(
    name: str, store: Store, count: int, fields: tuple[str, ...] = INDEXED
) -> dict[str, Any]:
    """Upserts per second, ms per key lookup, ms per 1 % range of an indexed field."""
    store.connect()
    for field in fields:
        store.ensure_index(field)
    content = documents(count)
    batch = min(BATCH, max(100, count // 10))
    fill = timed(lambda: [store.update(content[at : at + batch]) for at in range(0, count, batch)])
    again = timed(lambda: store.update(content[:batch]))
    single = timed(lambda: [store.update(one) for one in content[:50]])
    keys = [one["structure_id"] for one in content[:: max(1, count // 200)]]
    lookup = timed(lambda: [store.query_one({"structure_id": key}) for key in keys])
    low = {"energy_above_hull": {"$lt": 0.01}}
    found: list[int] = []
    ranged = timed(lambda: found.append(len(list(store.query(low)))))
    row = {
        "kind": "backend", "name": name, "documents": count,
        "upserts_per_second": count / fill, "replacements_per_second": batch / again,
        "single_commits_per_second": 50 / single, "lookup_ms": 1000 * lookup / len(keys),
        "range_ms": 1000 * ranged, "range_found": found[0],
    }  # fmt: skip
    row["meets_bars"] = (
        row["upserts_per_second"] >= BARS["upserts_per_second"]
        and row["lookup_ms"] < BARS["lookup_ms"]
    )
    return row


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
        cold = {kind.name: kind(store).build().seconds for kind in (DedupBuilder, HullBuilder)}
        fill(store, range(first, size))
        new = {kind.name: kind(store).build().seconds for kind in (DedupBuilder, HullBuilder)}
        return [
            {
                "kind": "builder", "name": name, "documents": size, "cold_seconds": cold[name],
                "one_percent_seconds": new[name], "incremental_ratio": new[name] / cold[name],
                "meets_bars": name != "dedup" or size < 100_000
                or new[name] / cold[name] < BARS["incremental_ratio"],
            }
            for name in cold
        ]  # fmt: skip


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


@contextmanager
def wire_server(folder: Path) -> Iterator[int]:
    """A MongoDB wire-protocol server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = Path(sys.executable).parent / "nx-27017"
    server = subprocess.Popen(
        [program, "--db", folder / "wire.db", "-p", str(port), "--log-file", folder / "log",
         "--pid-file", folder / "pid"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait()


def timed(work: Callable[[], Any]) -> float:
    """Seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table("what", "documents", "figures", "bars")
    for row in rows:
        figures = ", ".join(
            f"{name} {value:,.3g}" for name, value in row.items() if isinstance(value, float)
        )
        met = {True: "met", False: "missed"}.get(row.get("meets_bars"), "")
        table.add_row(f"{row['kind']} {row['name']}", f"{row['documents']:,}", figures, met)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
