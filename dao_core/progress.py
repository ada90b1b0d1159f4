"""Progress of a campaign, told to whoever listens: a bar on a terminal, or nobody on a worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

MOST_NAMED = 3
"""Crystals in hand that are named; a bar has one line."""


class Listener(Protocol):
    """Something that shows progress."""

    def begin(self, stage: str, total: int) -> None:
        """A stage starts that has ``total`` items to do."""

    def advance(self, stage: str, done: int) -> None:
        """``done`` more items of a stage are finished."""

    def at(self, stage: str, item: str) -> None:
        """A stage works on ``item``: the crystals in hand, in words."""

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


def at(stage: str, formulas: Iterable[str]) -> None:
    """Tell which crystals a stage has in hand.

    Args:
        stage: Its name.
        formulas: Of the crystals, or their names; the first few are told.
    """
    if listener := _listener.get():
        names = list(dict.fromkeys(formulas))
        more = f" +{len(names) - MOST_NAMED}" if len(names) > MOST_NAMED else ""
        listener.at(stage, " ".join(names[:MOST_NAMED]) + more)


def tell(news: str) -> None:
    """Tell that something is there that somebody may look at."""
    if listener := _listener.get():
        listener.tell(news)
