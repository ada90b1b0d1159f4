"""A Prefect server for one run, inside this process, where the user has none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

import httpx
import uvicorn
from filelock import FileLock
from prefect.logging.handlers import APILogWorker
from prefect.server.api.server import create_app
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    get_current_settings,
    temporary_settings,
)

from dao_core.errors import DaoError, MissingError
from flows.prefect_api import require_answer

STARTUP_SECONDS = 600.0
"""A few seconds on an idle machine; minutes have been seen on one with ten times too much to do. A
server that fails ends its thread, which is noticed at once."""

_own: ContextVar[bool] = ContextVar("dao_server_of_its_own", default=False)


def is_its_own() -> bool:
    """Whether this runs on a server of :func:`server_of_its_own`."""
    return _own.get()


@contextmanager
def prefect_server() -> Iterator[str]:
    """Yield the URL of the user's Prefect API if one is configured, else of one started here.

    A restart of the user's server is sat out: Prefect asks again for about a minute.

    Raises:
        DaoError: The server did not start.
        MissingError: The user's server does not answer, or no longer.
    """
    configured = get_current_settings().api.url
    if configured:
        require_answer(configured)
        try:
            yield configured
        except (httpx.TransportError, RuntimeError) as error:
            # A client that is refused at its very start says so by a RuntimeError of Prefect's.
            if not any(isinstance(e, httpx.TransportError) for e in (error, error.__cause__)):
                raise
            raise MissingError(
                f"the Prefect server at {configured} does not answer ({error}); what is done is in "
                "the store: start the server, or unset PREFECT_API_URL to do without, and the "
                "same command goes on"
            ) from error
        return
    with server_of_its_own() as url:
        yield url


@contextmanager
def server_of_its_own() -> Iterator[str]:
    """Yield the URL of a Prefect API in this process, whatever the user has configured.

    Prefect's own ephemeral server is a child process that outlives a killed parent and imports
    everything a second time; a thread starts in half the time and dies with the campaign. It tells
    nobody that it runs, unless the user has set PREFECT_SERVER_ANALYTICS_ENABLED.

    Raises:
        DaoError: The server did not start.
    """
    quiet = temporary_settings(set_defaults={PREFECT_SERVER_ANALYTICS_ENABLED: False})
    with quiet, socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(ephemeral=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        # In this context: settings that hold for a block only hold for its server too.
        thread = threading.Thread(
            target=copy_context().run,
            args=(server.run,),
            kwargs={"sockets": [listening]},
            name="prefect-server",
            daemon=True,
        )
        with _alone():
            thread.start()
            _wait_until_started(server, thread)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        token = _own.set(True)
        try:
            with temporary_settings({PREFECT_API_URL: url}):
                yield url
        finally:
            _own.reset(token)
            APILogWorker.drain_all(timeout=5)  # what is still queued has nowhere to go afterwards
            server.should_exit = True
            thread.join(timeout=5)


def _alone() -> FileLock:
    """A lock between processes that start a server: on a fresh machine each makes the database.

    Two that bring one SQLite file to the present schema at once fail, both. A process that dies
    lets go.
    """
    home = get_current_settings().home
    home.mkdir(parents=True, exist_ok=True)
    return FileLock(home / "dao-server-start.lock")


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise DaoError(
                "the Prefect server inside this process did not start; run again with --verbose, "
                "or set PREFECT_API_URL to a server of your own"
            )
        time.sleep(0.02)
