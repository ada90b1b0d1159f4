"""Progress bars on stderr, where that is a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from flows.cli.console import STDERR


class Bars:
    """One bar per stage; silent where stderr is not a terminal. A context manager.

    Implements :class:`flows.campaign.progress.Listener`.
    """

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn())
        self._bars = Progress(
            *columns, TimeElapsedColumn(), console=STDERR, disable=not STDERR.is_terminal
        )
        self._stages: dict[str, int] = {}

    def begin(self, stage: str, total: int) -> None:
        """Show the bar of a stage."""
        self._stages[stage] = int(self._bars.add_task(stage, total=total))

    def advance(self, stage: str, done: int) -> None:
        """Move the bar of a stage on; a stage that never began has none."""
        if stage in self._stages:
            self._bars.advance(self._bars.task_ids[self._stages[stage]], done)

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
