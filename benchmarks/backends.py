"""Every backend on the same documents: upserts, key lookups, ranges of an indexed field."""

from __future__ import annotations

import importlib.util
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neosqlite
from maggma.core import Store
from maggma.stores import MemoryStore, MongoStore
from maggma.stores.mongolike import MontyStore

from stores.documents import utc_now
from stores.encoding import date_text
from stores.sqlite import SqliteStore

BATCH = 1000
SLOW_LIMIT = 1000
"""Documents for backends that take minutes for more; MontyStore gets a fifth of them."""
INDEXED = ("structure_id", "chemsys", "energy_above_hull", "last_updated")
ELEMENTS = (
    "Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca", "Ti",
    "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Sr", "Y", "Zr", "Ba",
)  # fmt: skip
UPSERTS_BAR, LOOKUP_BAR = 3000.0, 1.0


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
        yield backend_row("neosqlite", NeoSqlite(folder / "neo.sqlite"), count)
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
    name: str, store: Store | NeoSqlite, count: int, fields: tuple[str, ...] = INDEXED
) -> dict[str, Any]:
    """Upserts per second, ms per key lookup, ms per 1 % range of an indexed field."""
    store.connect()
    for field in fields:
        store.ensure_index(field)
    content = documents(count)
    batch = min(BATCH, max(100, count // 10))
    before = time.process_time()
    fill = timed(lambda: [store.update(content[at : at + batch]) for at in range(0, count, batch)])
    fill_cpu = time.process_time() - before
    again = timed(lambda: store.update(content[:batch]))
    single = timed(lambda: [store.update(one) for one in content[:50]])
    keys = [one["structure_id"] for one in content[:: max(1, count // 200)]]
    lookup = timed(lambda: [store.query_one({"structure_id": key}) for key in keys])
    low = {"energy_above_hull": {"$lt": 0.01}}
    found: list[int] = []
    ranged = timed(lambda: found.append(len(list(store.query(low)))))
    row = {
        "kind": "backend", "name": name, "documents": count,
        "upserts_per_second": count / fill, "client_cpu_us_per_upsert": 1e6 * fill_cpu / count,
        "replacements_per_second": batch / again,
        "single_commits_per_second": 50 / single, "lookup_ms": 1000 * lookup / len(keys),
        "range_ms": 1000 * ranged, "range_found": found[0],
    }  # fmt: skip
    row["meets_bars"] = row["upserts_per_second"] >= UPSERTS_BAR and row["lookup_ms"] < LOOKUP_BAR
    return row


class NeoSqlite:
    """As much of a Store as is timed here, on neosqlite's pymongo-like collection."""

    def __init__(self, file: Path) -> None:
        self._collection = neosqlite.Connection(str(file))["structures"]

    def connect(self) -> None:
        """Connected from the start."""

    def ensure_index(self, field: str) -> None:
        """Index a field; the key uniquely."""
        self._collection.create_index(field, unique=field == "structure_id")

    def update(self, docs: list[dict[str, Any]] | dict[str, Any]) -> None:
        """Replace or insert by key; dates as text, for it keeps no others."""
        self._collection.bulk_write(
            [
                neosqlite.ReplaceOne(
                    {"structure_id": one["structure_id"]},
                    {**one, "last_updated": date_text(one["last_updated"])},
                    upsert=True,
                )
                for one in (docs if isinstance(docs, list) else [docs])
            ]
        )

    def query(self, criteria: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Documents that match."""
        return iter(self._collection.find(criteria))

    def query_one(self, criteria: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first of them."""
        return self._collection.find_one(criteria)


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
