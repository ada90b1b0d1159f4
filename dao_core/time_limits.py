"""A function over many items in worker processes, with a time limit for each item.

The limit needs the main thread of a process of its own, because only there can an alarm interrupt
a library call; a thread of the caller could only be abandoned.
"""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType, ModuleType
from typing import Generic, TypeVar

import numpy as np

from dao_core.fork_server import fork_server

Item = TypeVar("Item")
Value = TypeVar("Value")

ITEMS_PER_TASK = 8
"""Items that a worker takes at once; few, so that slow ones spread over the workers."""


@dataclass(frozen=True)
class Outcome(Generic[Value]):
    """What one item gave.

    Attributes:
        value: what the function returned, None if it failed.
        failure: why it gave nothing, else None.
    """

    value: Value | None
    failure: str | None = None


def map_within(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    seconds: float,
    processes: int | None = None,
) -> list[Outcome[Value]]:
    """Apply a function to every item, in order; an item that fails or takes too long costs itself.

    Args:
        function: importable by name (or a partial of such), because it is sent to processes.
        items: picklable.
        seconds: limit for each item.
        processes: workers; all cores by default.
    """
    if not items:
        return []
    workers = min(processes or os.cpu_count() or 1, math.ceil(len(items) / ITEMS_PER_TASK))
    context = fork_server(_module_of(function))
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        task = partial(_within, function, seconds)
        with _main_script_hidden():
            outcomes = executor.map(task, items, chunksize=ITEMS_PER_TASK)
        return list(outcomes)


@contextmanager
def _main_script_hidden() -> Iterator[None]:
    """Keep workers that start meanwhile from importing the script that was run, torch and all."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


class _TimeUpError(Exception):
    """An item has used up its time."""


def _raise_time_up(_signal: int, _frame: FrameType | None) -> None:
    """The alarm's handler."""
    raise _TimeUpError


def _within(function: Callable[[Item], Value], seconds: float, item: Item) -> Outcome[Value]:
    """One item in the main thread of a worker process, interrupted by an alarm."""
    signal.signal(signal.SIGALRM, _raise_time_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return Outcome(function(item))
    except _TimeUpError:
        return Outcome(None, f"not done within {seconds:g} s")
    # What a degenerate cell makes pymatgen, PyXtal and numpy raise; the item is named as failed.
    except (
        ValueError, ArithmeticError, LookupError, TypeError, RuntimeError, np.linalg.LinAlgError,
        MemoryError,
    ) as error:  # fmt: skip
        return Outcome(None, f"{type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _module_of(function: Callable[[Item], Value]) -> str:
    """The module that workers need for a function or a partial of it."""
    return function.func.__module__ if isinstance(function, partial) else function.__module__
