"""A real Prefect server in a process of its own, one for all tests of this folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestration import bootstrap

PREFECT = Path(sys.executable).with_name("prefect")
PATIENCE = 600.0
"""Seconds; a server starts in five on an idle machine."""
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
    def wait_for(reached: Callable[[], Any], what: str) -> Any:
        return wait_for(reached, what)

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
