"""The command line from Python: what the tutorials share."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

from flows.cli.app import main

FINISHED_WITH_FAILURES = 4


def dao(*words: str) -> dict[str, Any]:
    """Run a command of dao, as on the command line, and return its JSON object."""
    with contextlib.redirect_stdout(io.StringIO()) as answer:
        code = main([*words, "--json"])
    if code not in {0, FINISHED_WITH_FAILURES}:
        sys.exit(code)  # the command has said why
    return dict(json.loads(answer.getvalue()))
