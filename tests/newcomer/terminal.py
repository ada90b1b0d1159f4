"""A plain terminal of 80 columns, on which commands are typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 80, 24
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


@dataclass(frozen=True)
class Screen:
    """What a command left on the terminal.

    Args:
        code: Its exit code.
        lines: Everything printed, without colours; bars drawn again are lines of their own.
    """

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def typed(words: list[str], folder: Path) -> Screen:
    """Run ``dao`` in a folder, on a pseudo-terminal.

    Args:
        words: After ``dao``.
        folder: The working folder; the store lies below it.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}},
        "DAO_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *words],
        cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    printed = b""
    while part := _read(ours):
        printed += part
    os.close(ours)
    plain = CONTROL.sub("", printed.decode()).replace("\r\n", "\n").replace("\r", "\n")
    return Screen(process.wait(), [line.rstrip() for line in plain.splitlines() if line.strip()])


def _read(terminal: int) -> bytes:
    """What was printed next; nothing once the command has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so of a terminal that nobody holds any more
        return b""
