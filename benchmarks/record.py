"""Run a benchmark and keep its JSON with command, date and machine, for ``write.py``.

    python benchmarks/record.py ROOM NAME -- COMMAND...
    python benchmarks/record.py sampling crysformer -- python benchmarks/sampling.py --json

COMMAND prints one JSON object on stdout. The record goes to benchmarks/results/ROOM.NAME.json;
paths of this machine are left out of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tables import ROOMS

from dao_core.evaluation.machine import machine

RESULTS = Path(__file__).parent / "results"
OF_THIS_MACHINE = frozenset({"files", "store", "machine", "date", "unreadable", "report"})
"""Keys that say where something was written, or that the record has itself."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, write the record; its exit code is ours."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("name", help="of the record, e.g. public_val-k20")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    arguments = parser.parse_args(words)
    command = [word for word in arguments.command if word != "--"]
    if not command or not re.fullmatch(r"[\w.-]+", arguments.name):
        parser.error("give a name of letters, digits, dots and dashes, then -- and a command")
    before = machine()
    begun = time.monotonic()
    done = subprocess.run(_executable(command), stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode:
        return done.returncode
    record = {
        "room": arguments.room,
        "name": arguments.name,
        "command": shlex.join(_portable(word) for word in command),
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - begun, 1),
        "machine": before,
        "result": _cleaned(json.loads(done.stdout)),
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{arguments.room}.{arguments.name}.json"
    file.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(file, file=sys.stderr)
    return 0


def _executable(words: list[str]) -> list[str]:
    """``python`` and ``dao`` of this environment."""
    first, *rest = words
    if first == "dao":
        return [sys.executable, "-m", "flows", *rest]
    return [sys.executable if first == "python" else first, *rest]


def _portable(word: str) -> str:
    """A word of the command with the folder of development data by its name."""
    shared = os.environ.get("DAO_SHARED")
    word = word.replace(shared, "$DAO_SHARED") if shared else word
    return Path(word).name if Path(word).is_absolute() else word


def _cleaned(result: Any) -> Any:
    """The result without what belongs to this machine alone."""
    if isinstance(result, dict):
        return {k: _cleaned(v) for k, v in result.items() if k not in OF_THIS_MACHINE}
    return result


if __name__ == "__main__":
    sys.exit(main())
