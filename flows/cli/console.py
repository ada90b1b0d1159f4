"""What goes where: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, Group, RenderableType
from rich.logging import RichHandler
from rich.markup import escape
from rich.text import Text

from dao_core.bars import STDERR
from dao_core.environment import LOG_FORMAT, LOG_LEVEL
from dao_core.errors import DaoError, InputError
from dao_core.versions import versions

logger = logging.getLogger("dao")
STARTED = time.monotonic()
WIDTH_OF_FILES = 140
"""Columns of what is written to a file or pipe, where there is no terminal to ask."""
FINISHED_WITH_FAILURES = 4
"""Exit code of a command that came to its end, though not with every item."""
FAILURES_SHOWN = 20


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that gather logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, and the traceback where there is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _as_lines() -> bool:
    """Whether logs are wanted as JSON objects."""
    return LOG_FORMAT.value == "json"


def _level(*, verbose: bool) -> int:
    """The level that ``DAO_LOG_LEVEL`` names; else INFO if ``verbose``, else WARNING.

    Raises:
        InputError: it names none.
    """
    name = (LOG_LEVEL.value or ("info" if verbose else "warning")).upper()
    level = logging.getLevelNamesMapping().get(name)
    if level is None:
        raise InputError(f"{LOG_LEVEL.name} is {name!r}; use debug, info, warning or error")
    return level


def _is_news(record: logging.LogRecord) -> bool:
    """False for the traceback of an error that ends a flow and that the command tells anyhow."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, DaoError) and record.name.startswith("prefect.flow_runs"))


def tell_every_name() -> None:
    """Print bytes of file names that are no text escaped, where Python would give up."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def set_up_logging(*, verbose: bool) -> None:
    """Send logs to stderr: warnings and worse, or all that Prefect and we say with ``verbose``.

    ``DAO_LOG_LEVEL`` and ``DAO_LOG_FORMAT=json`` say otherwise.

    Raises:
        InputError: ``DAO_LOG_LEVEL`` names no level.
    """
    level = _level(verbose=verbose)
    handler: logging.Handler = RichHandler(level, console=STDERR, show_path=False, markup=False)
    if _as_lines():
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER", "json")
    if level > logging.INFO:
        handler.addFilter(_is_news)
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", logging.getLevelName(level))
    logging.basicConfig(level=level, handlers=[handler], format="%(message)s", force=True)
    # pymatgen says so of every noble gas that stands in a formula, and goes on rightly
    warnings.filterwarnings("ignore", message="No Pauling electronegativity")


def warn(message: str) -> None:
    """Say on stderr what the user must know before trusting the result."""
    if _as_lines():
        logger.warning(message)
        return
    STDERR.print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True)


def warn_of_flags(found: Mapping[str, Any]) -> None:
    """Say what is flagged about each of the ``structures`` of an interpretation."""
    for record in found["structures"]:
        for flag in record["flags"]:
            warn(f"{record['file']}: {flag}")


def emit(result: Mapping[str, Any], *, as_json: bool, human: RenderableType | None = None) -> None:
    """Print the result of a command on stdout.

    Args:
        result: The machine-readable object. All have ``level`` and ``store``, None where a command
            has no energies or opens no store; ``versions`` and ``seconds`` are added here.
        as_json: Print that object and nothing else.
        human: What a person sees instead.
    """
    if as_json:
        common = {"level": None, "store": None}
        whole = {**common, **result, "versions": versions(), "seconds": seconds()}
        sys.stdout.write(json.dumps(whole, indent=1, default=_plain, allow_nan=False) + "\n")
        sys.stdout.flush()  # whoever reads may wait for it while the command serves on
    elif human is not None:
        width = None if sys.stdout.isatty() else WIDTH_OF_FILES
        # Names of files are no markup, whatever brackets they hold.
        shown = Text(human) if isinstance(human, str) else human
        Console(highlight=False, emoji=False, width=width).print(shown)


def emit_batch(result: Mapping[str, Any], *, as_json: bool, human: RenderableType) -> None:
    """Print the result of a command on several items, as :func:`emit` does.

    A person sees below it what was lost and why; the machine-readable object has ``failures``.

    Raises:
        Exit: With 4 where some of the items are among the ``failures``.
    """
    failures = result["failures"]
    lost = [f"lost: {one['file']}: {one['reason']}" for one in failures[:FAILURES_SHOWN]]
    if len(failures) > FAILURES_SHOWN:
        lost.append(f"and {len(failures) - FAILURES_SHOWN} more, which --json names")
    emit(result, as_json=as_json, human=Group(human, *map(escape, lost)))
    if failures:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def emit_error(message: str, exit_code: int, *, as_json: bool) -> None:
    """Print an error on stderr, and as an object on stdout where one was asked for."""
    if _as_lines():
        logger.error(message)
    else:
        STDERR.print(f"[red]error:[/] {escape(message)}", soft_wrap=True)
    if as_json:
        emit({"error": message, "exit_code": exit_code}, as_json=True)


def seconds() -> float:
    """Seconds since the program began, to a hundredth."""
    return round(time.monotonic() - STARTED, 2)


def _plain(value: Any) -> Any:
    """JSON form of the few other types that results hold."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
