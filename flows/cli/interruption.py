"""Ctrl-C and SIGTERM: whatever a library makes of them, the command ends as an interrupted one."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

Handler = Callable[[int, FrameType | None], object] | signal.Handlers
LISTENED: dict[signal.Signals, Handler] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""Signals that interrupt, each with what Python does about it."""
LAST = 3
"""This signal ends the process on the spot: something holds up those before."""
AGAIN_AFTER = 0.05
"""Seconds after which an interruption that Python has swallowed comes again."""


class Interruption:
    """Notes Ctrl-C and SIGTERM while a command runs. A context manager.

    Python raises KeyboardInterrupt wherever the main thread happens to be, also in the middle of a
    library whose clean-up then fails with an error of its own. What arrives at the top says
    nothing reliable, so the signal itself is noted. Within ``__del__`` Python throws the exception
    away; there it is raised once more a moment later.

    After an interruption the process is taken to be at its end: logs and ignored exceptions stay
    silent, and one more signal no longer waits for what runs at exit.

    Attributes:
        exit_code: As shells have it (128 + the signal): 130 after Ctrl-C, 143 after SIGTERM; None
            while nothing has interrupted the command.
    """

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self._pressed = 0
        self._over = False
        self._listens: list[signal.Signals] = []

    def __enter__(self) -> Self:
        # Only the main thread hears of signals; a job in the background is told to ignore them.
        if threading.current_thread() is threading.main_thread():
            self._listens = [s for s, usual in LISTENED.items() if signal.getsignal(s) is usual]
        for listened in self._listens:
            signal.signal(listened, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        if self.exit_code is None:
            for listened in self._listens:
                signal.signal(listened, LISTENED[listened])

    def is_behind(self, error: BaseException) -> bool:
        """Whether an error comes of an interruption.

        While a flow runs, Prefect hears of SIGTERM in our place and raises an exception of its own,
        of which a clean-up that fails leaves the context of another error.
        """
        known = sys.modules.get("prefect.exceptions")
        before: BaseException | None = error
        while self.exit_code is None and known is not None and before is not None:
            if isinstance(before, known.TerminationSignal):
                self.exit_code = 128 + before.signal
            before = before.__cause__ or before.__context__
        return self.exit_code is not None

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._pressed += 1
        self.exit_code = self.exit_code or 128 + signum
        if self._over or self._pressed >= LAST:
            os._exit(self.exit_code)  # a store that bears SIGKILL bears this
        logging.disable()  # libraries report a crash, which it is not
        sys.unraisablehook = self._swallowed
        signal.default_int_handler(signum, frame)

    def _swallowed(self, ignored: sys.UnraisableHookArgs, /) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt) and not self._over:
            self._pressed -= 1  # it comes again without the user
            main = threading.main_thread().ident
            threading.Timer(AGAIN_AFTER, signal.pthread_kill, (main, signal.SIGINT)).start()
