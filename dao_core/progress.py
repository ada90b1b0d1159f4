"""Progress of a campaign, told to whoever listens: a bar on a terminal, or nobody on a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Listener(Protocol):
    """Something that shows progress."""

    def begin(self, stage: str, total: int) -> None:
        """A stage starts that has ``total`` items to do."""

    def advance(self, stage: str, done: int) -> None:
        """``done`` more items of a stage are finished."""

    def tell(self, news: str) -> None:
        """Something is there that somebody may look at."""


_listener: ContextVar[Listener | None] = ContextVar("dao_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the progress of everything inside the block to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def begin(stage: str, total: int) -> None:
    """Tell that a stage starts with ``total`` items to do."""
    if listener := _listener.get():
        listener.begin(stage, total)


def advance(stage: str, done: int = 1) -> None:
    """Tell that ``done`` more items of a stage are finished."""
    if listener := _listener.get():
        listener.advance(stage, done)


def tell(news: str) -> None:
    """Tell that something is there that somebody may look at."""
    if listener := _listener.get():
        listener.tell(news)
