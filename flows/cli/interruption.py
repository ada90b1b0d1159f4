"""Ctrl-C: whatever a library makes of it, the command ends as an interrupted one."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Self

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it (128 + SIGINT)."""
LAST = 3
"""This Ctrl-C ends the process on the spot: something holds up those before."""
AGAIN_AFTER = 0.05
"""Seconds after which an interruption that Python has swallowed comes again."""


class Interruption:
    """Notes Ctrl-C while a command runs. A context manager.

    Python raises KeyboardInterrupt wherever the main thread happens to be, also in the middle of a
    library whose clean-up then fails with an error of its own. What arrives at the top says
    nothing reliable, so the signal itself is noted. Within ``__del__`` Python throws the exception
    away; there it is raised once more a moment later.

    After an interruption the process is taken to be at its end: logs and ignored exceptions stay
    silent, and one more Ctrl-C no longer waits for what runs at exit.

    Attributes:
        happened: Whether the user has interrupted the command.
    """

    def __init__(self) -> None:
        self.happened = False
        self._pressed = 0
        self._over = False
        self._listens = False

    def __enter__(self) -> Self:
        # Only the main thread hears of signals; a job in the background is told to ignore them.
        self._listens = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._listens:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        if self._listens and not self.happened:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._pressed += 1
        if self._over or self._pressed >= LAST:
            os._exit(INTERRUPTED)  # a store that bears SIGKILL bears this
        self.happened = True
        logging.disable()  # libraries report a crash, which it is not
        sys.unraisablehook = self._swallowed
        signal.default_int_handler(signum, frame)

    def _swallowed(self, ignored: sys.UnraisableHookArgs, /) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt) and not self._over:
            self._pressed -= 1  # it comes again without the user
            main = threading.main_thread().ident
            threading.Timer(AGAIN_AFTER, signal.pthread_kill, (main, signal.SIGINT)).start()
