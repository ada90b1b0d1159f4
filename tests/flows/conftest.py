"""A real Prefect server in a process of its own, one for all tests of this folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestration import bootstrap

PREFECT = Path(sys.executable).with_name("prefect")
PATIENCE = 600.0
"""Seconds; a server starts in five on an idle machine."""
KILLED_IN = """
import os, sys
from importlib import import_module

def reach(path):
    module, _, names = path.partition(":")
    *owners, last = names.split(".")
    owner = import_module(module)
    for name in owners:
        owner = getattr(owner, name)
    return owner, last

function, call, number, *words = sys.argv[1:]
owner, name = reach(function)
calls, alive = 0, getattr(owner, name)

def deadly(*given, **named):
    global calls
    calls += 1
    if calls == int(call):
        os.kill(os.getpid(), int(number))
    return alive(*given, **named)

setattr(owner, name, deadly)
from flows.cli.app import main
sys.exit(main(words))
"""
"""A program that is ``dao`` but gets SIGKILL at the n-th call of a function."""
LEASES_ON_DISK = "prefect.server.concurrency.lease_storage.filesystem"
"""As docs/deploy.md has it: a server that forgets its leases never frees their slots."""


def wait_for(reached: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """What ``reached`` returns as soon as it is true."""
    deadline = time.monotonic() + patience
    while not (found := reached()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.2)
    return found


@dataclass
class PrefectServer:
    """A server, the environment that names it, and a way to ask it."""

    port: int
    home: Path
    program: Path = PREFECT
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def clone(self) -> Path:
        return self.home / "clone"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_ON_DISK,
            "OMP_NUM_THREADS": "1",
        }

    def start(self) -> None:
        words = ["server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui"]
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PREFECT, *words], env=self.environment, stdout=log, stderr=log
            )
        wait_for(self.answers, "an answer of the server")

    @staticmethod
    def wait_for(reached: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
        return wait_for(reached, what, patience)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=PATIENCE)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def slots_in_use(self, limit: str) -> float:
        found = self.ask("/v2/concurrency_limits/filter")
        return next(one["active_slots"] for one in found if one["name"] == limit)

    def let_leases_end(self) -> None:
        """Make the five minutes pass after which the lease of a dead holder ends."""
        leases = self.home / "concurrency_leases"
        past = datetime(2000, 1, 1, tzinfo=UTC).isoformat()
        index = leases / "expirations.json"
        index.write_text(json.dumps(dict.fromkeys(json.loads(index.read_text()), past)))
        for file in leases.glob("*-*.json"):
            file.write_text(json.dumps({**json.loads(file.read_text()), "expiration": past}))

    def start_dao(
        self,
        home: Path,
        *words: str,
        killed_in: tuple[str, int] | None = None,
        by: signal.Signals = signal.SIGKILL,
    ) -> subprocess.Popen[bytes]:
        """``dao WORDS`` with its data in ``home``.

        ``killed_in`` is a function, ``module:name``, and the number of its call that is the end;
        ``by`` is the signal.
        """
        program = ["-m", "flows"]
        if killed_in is not None:
            program = ["-c", KILLED_IN, killed_in[0], str(killed_in[1]), str(int(by))]
        return subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=home, env={**self.environment, "DAO_HOME": str(home)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def prefect(self, *words: str, cwd: Path) -> None:
        done = subprocess.run(
            [PREFECT, "--no-prompt", *words], cwd=cwd, env=self.environment,
            check=False, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = PrefectServer(port, tmp_path_factory.mktemp("prefect"))
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def deployed(server: PrefectServer, request: pytest.FixtureRequest) -> PrefectServer:
    """The server with everything of ``dao setup`` and ``prefect deploy --all``.

    Runs of deployments work, and leave their files, in a folder that only looks like this clone.
    """
    with temporary_settings({PREFECT_API_URL: server.url}):
        bootstrap()
    server.clone.mkdir()
    for name in ("prefect.yaml", "flows"):
        (server.clone / name).symlink_to(request.config.rootpath / name)
    server.prefect("deploy", "--all", cwd=server.clone)
    return server


@pytest.fixture(autouse=True)
def _on_server(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test that uses the server run its flows there."""
    if "server" not in request.fixturenames:
        yield
        return
    with temporary_settings({PREFECT_API_URL: request.getfixturevalue("server").url}):
        yield
