"""Progress bars on stderr, where that is a terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dao_core.environment import LOG_FORMAT

logger = logging.getLogger(__name__)
STDERR = Console(stderr=True, highlight=False, emoji=False)
"""Where bars and messages go, so that neither writes over the other."""


class Bars:
    """One bar per stage; silent where stderr is not a terminal. A context manager.

    Implements :class:`dao_core.progress.Listener`.
    """

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[item]}"),
            console=STDERR,
            disable=not STDERR.is_terminal,
        )
        self._stages: dict[str, int] = {}

    def begin(self, stage: str, total: int | None) -> None:
        """Show the bar of a stage; one that is shown already grows.

        Args:
            stage: Its name.
            total: How much there is to do; None where nobody knows.
        """
        if stage not in self._stages:
            self._stages[stage] = int(self._bars.add_task(stage, total=total, item=""))
            return
        task = self._bars.task_ids[self._stages[stage]]
        before = self._bars.tasks[self._stages[stage]].total
        known = before is not None and total is not None
        self._bars.update(task, total=(before or 0) + (total or 0) if known else None)

    def advance(self, stage: str, done: int) -> None:
        """Move the bar of a stage on; a stage that never began has none."""
        if stage in self._stages:
            self._bars.advance(self._bars.task_ids[self._stages[stage]], done)

    def at(self, stage: str, item: str) -> None:
        """Name beside the bar of a stage what is in hand."""
        if stage in self._stages:
            self._bars.update(self._bars.task_ids[self._stages[stage]], item=escape(item))

    def tell(self, news: str) -> None:
        """Print a line above the bars."""
        if LOG_FORMAT.value == "json":
            logger.info(news)
        else:
            STDERR.print(escape(news), soft_wrap=True)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Keep the bars out of the way of a question."""
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
