"""A program that lives no longer than the process that started it, nor longer than it may.

Run as a script around a program: ``tether.py PID SECONDS PROGRAM ...``. It gives the program a
process group of its own and ends that group when the process PID is gone, however it went, when
the time is over, or when it is itself told to end. It imports the standard library alone, so that
it starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

TIMED_OUT = 124
"""Exit code when the time was over, as that of GNU timeout."""
TIME_OVER = "The time of the program was over: it was ended."
"""Last line of the error output then, for those who are not told the exit code."""
LOOK_SECONDS = 0.5
GRACE_SECONDS = 5.0
"""Between asking a program to end and ending it; less than custodian and :class:`PwJob` wait."""


def tether(seconds: float | None = None) -> list[str]:
    """Words that, put before a command, tie what it runs to this process.

    Args:
        seconds: Time limit; None for none. It is the clock's time: a program that hangs uses none
            of its own.

    Returns:
        The words; they name this process, so they are good for it alone.
    """
    limit = "inf" if seconds is None else repr(float(seconds))
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), limit]


def _main(words: Sequence[str]) -> int:
    """Run a program until it ends, or has to; its exit code, as a shell would give it."""
    parent, seconds, *command = words
    deadline = time.monotonic() + float(seconds)
    told: list[int] = []
    # A handler rather than SIG_IGN, which the program would inherit.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda signum, _frame: told.append(signum))
    try:
        child = subprocess.Popen(command, process_group=0)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = child.wait(LOOK_SECONDS)
            _end(child)  # a launcher may have died before what it launched
            return code if code >= 0 else 128 - code
        timed_out = time.monotonic() >= deadline
        if told or timed_out or os.getppid() != int(parent):
            _end(child)
            if timed_out:
                sys.stderr.write(f"{TIME_OVER}\n")
            return TIMED_OUT if timed_out else 128 + signal.SIGTERM


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process group of a program: politely first, if the program itself is still there."""
    with contextlib.suppress(ProcessLookupError):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
