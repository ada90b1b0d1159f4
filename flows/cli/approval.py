"""The question on a terminal whether DFT may start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from dao_core.bars import Bars
from flows.cli.console import STDERR

if TYPE_CHECKING:
    from flows.validation.approval import Asker, Decision, Question


def terminal_asker(bars: Bars) -> Asker | None:
    """Somebody who can be asked here, or None where there is no terminal to ask on.

    Args:
        bars: Progress that must not be drawn over the question.
    """
    if not (sys.stdin.isatty() and STDERR.is_terminal):
        return None

    def ask(question: Question) -> Decision:
        from flows.validation.approval import Decision

        with bars.hidden():
            STDERR.print(escape(question.text))
            yes = typer.confirm("Start DFT?", default=False, err=True)
        return Decision(yes, "terminal" if yes else None, None if yes else "declined on a terminal")

    return ask
