"""Whether DFT may start: by itself, after a question on a terminal, or after a form on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

from dao_core.units import SECONDS_PER_HOUR

PAUSE_KEY = "dft-approval"
"""A resumed run comes here again under the same key, and finds the answer."""


@dataclass(frozen=True)
class Decision:
    """The answer.

    Attributes:
        approved: Whether DFT may start.
        by: Who approved it.
        reason: Why not.
    """

    approved: bool
    by: str | None = None
    reason: str | None = None


class Question(Protocol):
    """What somebody is asked to approve."""

    @property
    def approve(self) -> Literal["auto", "ask"]:
        """Whether anybody is asked at all."""

    @property
    def hours(self) -> float:
        """How long a server waits for the answer."""

    @property
    def text(self) -> str:
        """What is going to be computed, in Markdown."""


Asker = Callable[[Question], Decision]
_asker: ContextVar[Asker | None] = ContextVar("dao_asker", default=None)


@contextmanager
def asking(asker: Asker | None) -> Iterator[None]:
    """Let ``asker`` answer for everything inside the block; None leaves it to a server."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


def decide(question: Question) -> Decision:
    """Whether DFT may start.

    On a server the run of the deployment is suspended: it ends, and starts again when the form is
    answered. Where the time runs out Prefect fails the run, and there is no DFT; the ranking was
    published before.

    Args:
        question: What is to be computed.
    """
    if question.approve == "auto":
        return Decision(approved=True, by="auto")
    asker = _asker.get()
    if asker is not None:
        return asker(question)
    return _ask_on_server(question)


def _ask_on_server(question: Question) -> Decision:
    # A finished campaign is shown without loading Prefect.
    from prefect.flow_runs import suspend_flow_run  # noqa: PLC0415
    from prefect.runtime import deployment  # noqa: PLC0415

    from flows.validation.form import DftApproval  # noqa: PLC0415

    if deployment.id is None:
        return Decision(approved=False, reason="no terminal and no deployment to ask on")
    form = DftApproval.with_initial_data(description=question.text)
    timeout = int(question.hours * SECONDS_PER_HOUR)
    answer = suspend_flow_run(wait_for_input=form, timeout=timeout, key=PAUSE_KEY)
    if not answer.approve:
        return Decision(approved=False, reason=f"declined by {answer.approved_by or 'the form'}")
    return Decision(approved=True, by=answer.approved_by or "form")
