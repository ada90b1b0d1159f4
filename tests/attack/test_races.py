"""Rollbacks, promotions and replays at once: the history, the served model and the newest state."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stores import open_store
from stores.dao_store import DaoStore
from stores.documents import EventDocument, utc_now
from stores.errors import StoreUnreachableError
from stores.registry import history, promote, register_model, rollback, serving
from stores.spool import Spool
from stores.versions import SeenVersions

ROUNDS = 200
OPERATOR = """
import sys
from dao_core.errors import InputError
from stores import open_store
from stores.registry import promote, rollback
with open_store(sys.argv[1]) as store:
    for number in range(int(sys.argv[3])):
        if number % 3 == 2:
            promote(store, f"model-{sys.argv[2]}")
        else:
            try:
                rollback(store, "generator")
            except InputError:
                promote(store, "model-0")
"""


def test_rollback_and_promotion_at_once_undo_one_step_each(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with open_store(folder) as store:
        for name in "0123":
            (tmp_path / name).write_text(f"model {name}")
            register_model(store, tmp_path / name, kind="generator", name=f"model-{name}")
            promote(store, f"model-{name}")
    operators = [
        subprocess.Popen([sys.executable, "-c", OPERATOR, str(folder), one, str(ROUNDS // 2)])
        for one in "12"
    ]
    assert [one.wait() for one in operators] == [0, 0]
    with open_store(folder) as store:
        steps = history(store, "generator")
        served: list[str] = []
        for step in steps:
            served = [*served, step.model_id] if step.action == "promote" else served[:-1]
            assert served[-1] == step.model_id, f"step {step.number} undoes more than one"
        assert len(steps) == 4 + ROUNDS
        assert serving(store, "generator").id == served[-1]


def test_two_rollbacks_that_read_the_same_history_do_not_disagree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One comes in between the other's look and its write."""
    with open_store(tmp_path / "store") as store:
        for name in "012":
            (tmp_path / name).write_text(f"model {name}")
            register_model(store, tmp_path / name, kind="generator", name=f"model-{name}")
            promote(store, f"model-{name}")
        insert, interfering = store.insert_new, [True]

        def late(document: Any) -> bool:
            if interfering:
                interfering.clear()
                rollback(store, "generator")
            return insert(document)

        monkeypatch.setattr(store, "insert_new", late)
        rollback(store, "generator")
        assert serving(store, "generator").name == "model-0"


def event(subject: str) -> EventDocument:
    return EventDocument(event_id="e", kind="k", subject=subject, happened=utc_now())


def test_a_state_that_is_spooled_during_a_replay_is_replayed_too(tmp_path: Path) -> None:
    """Written by another thread between the reading of the queue and the removal from it."""
    written: list[str] = []
    spool, other = Spool(tmp_path), Spool(tmp_path)
    spool.add([event("older")], SeenVersions())
    adding = threading.Thread(target=lambda: other.add([event("newer")], SeenVersions()))

    def write(batch: list[Any]) -> None:
        if not written:
            adding.start()
            adding.join(0.3)  # it is to wait until the replay is through
        written.extend(one.document.subject for one in batch)

    spool.replay(write)
    adding.join()
    spool.replay(write)
    assert written == ["older", "newer"]
    assert spool.waiting() == 0


def test_of_two_replays_neither_writes_an_older_state_over_a_newer_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.add([event("older")], SeenVersions())
    with open_store("memory://") as reached:
        stores = [DaoStore("m", reached.collections, reached.blobs, spool=one)
                  for one in (spool, Spool(tmp_path / "spool"))]  # fmt: skip
        newer = threading.Thread(target=lambda: stores[1].put(event("newer")))

        def slow(batch: list[Any]) -> None:
            newer.start()
            newer.join(0.3)
            stores[0]._put_waiting(batch)

        spool.replay(slow)
        newer.join()
        assert reached.get(EventDocument, "e").subject == "newer"


def test_a_replay_that_fails_keeps_what_waits_and_what_comes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([event("older")], SeenVersions())

    def away(batch: list[Any]) -> None:
        raise StoreUnreachableError("away")

    with pytest.raises(StoreUnreachableError):
        spool.replay(away)
    spool.add([event("newer")], SeenVersions())
    kept: list[Any] = []
    spool.replay(kept.extend)
    assert [one.document.subject for one in kept] == ["newer"]


class Server:
    """A store that two machines share and that goes away for one of them."""

    def __init__(self, folder: Path, reached: DaoStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.a, self.b = (
            DaoStore("m", reached.collections, reached.blobs, spool=Spool(folder / name))
            for name in "ab"
        )

    def away_for_a(self, document: EventDocument) -> None:
        with self._patch.context() as patched:
            patched.setattr(self.a, "_put_all", self._raise)
            assert self.a.put(document).spooled == 1

    @staticmethod
    def _raise(documents: list[Any]) -> None:
        raise StoreUnreachableError("away")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with open_store("memory://") as reached:
        yield Server(tmp_path, reached, monkeypatch)


@pytest.mark.parametrize("ahead", [-1, 0, 1], ids=["clock of B late", "clocks agree", "early"])
def test_a_state_that_another_machine_wrote_while_the_server_was_away_is_kept_and_told(
    ahead: int, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.a.put(event("first"))
    server.away_for_a(event("of A, while away"))
    with monkeypatch.context() as patched:
        moment = utc_now() + timedelta(days=ahead)
        patched.setattr("stores.dao_store.utc_now", lambda: moment)
        server.b.put(event("of B, meanwhile"))
    server.a.replay()
    assert server.a.get(EventDocument, "e").subject == "of B, meanwhile"
    assert "events/e: another machine has written it" in caplog.text
    assert server.a.spool.waiting() == 0
    server.a.put(event("of A, who knows it now"))
    assert server.b.get(EventDocument, "e").subject == "of A, who knows it now"


def test_states_of_one_machine_follow_each_other_whoever_replays_them(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.a.put(event("first"))
    server.away_for_a(event("second"))
    server.away_for_a(event("third"))
    other_process = DaoStore("m", server.a.collections, server.a.blobs, spool=Spool(tmp_path / "a"))
    other_process.replay()
    server.away_for_a(event("fourth"))
    assert server.b.get(EventDocument, "e").subject == "third"
    other_process.replay()
    assert server.b.get(EventDocument, "e").subject == "fourth"
    assert not caplog.text
