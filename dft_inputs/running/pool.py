"""Many calculations at once, within cores, memory and budget."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import ModuleType

from dft_inputs.running.folder import CalculationFailure, CalculationFolder, CalculationResult
from dft_inputs.running.heartbeat import HEARTBEAT_SECONDS
from dft_inputs.running.ledger import Ledger
from dft_inputs.running.memory import estimated_memory, free_memory
from dft_inputs.running.request import CalculationRequest, Limits

Outcome = CalculationResult | CalculationFailure
GRACE_SECONDS = 30.0
_PRELOAD = "dft_inputs.running.preload"


@dataclass
class _Running:
    request: CalculationRequest
    process: ForkServerProcess
    memory: float


@dataclass
class CalculationPool:
    """Runs calculations side by side, each in its own process.

    Attributes:
        root: Folder of all calculations.
        limits: Limits.
    """

    root: Path
    limits: Limits
    _running: list[_Running] = field(default_factory=list, init=False)
    _memory: float = field(default=0.0, init=False)

    def run(
        self,
        requests: Sequence[CalculationRequest],
        on_outcome: Callable[[str, Outcome], None] | None = None,
    ) -> dict[str, Outcome]:
        """Compute all requests; what is finished already is read, not computed.

        Args:
            requests: What is asked for; equal keys are computed once.
            on_outcome: Hears of each key and its outcome as soon as it is there.

        Returns:
            Result or failure by key. A request for which the budget did not suffice fails with
            the reason ``budget`` and goes on when it is asked for again.
        """
        waiting = list({request.key: request for request in requests}.values())
        given = self.limits.memory
        self._memory = free_memory() if given is None else given
        outcomes: dict[str, Outcome] = {}
        for request in waiting[:]:
            done = CalculationFolder(self.root, request.key).result()
            if done is not None:
                outcomes[request.key] = done
                waiting.remove(request)
        if waiting:
            end_what_was_abandoned(self.root.resolve())
        tell = on_outcome or (lambda *_: None)
        for key, outcome in outcomes.items():
            tell(key, outcome)
        try:
            while waiting or self._running:
                self._start_what_fits(waiting)
                ended = self._collect()
                if self._budget_left() <= 0:
                    ended |= self._stop_for_budget(waiting)
                outcomes |= ended
                for key, outcome in ended.items():
                    tell(key, outcome)
        finally:
            self._stop_all()
        return outcomes

    def _start_what_fits(self, waiting: list[CalculationRequest]) -> None:
        for request in waiting[:]:
            memory = estimated_memory(request)
            if not self._fits(memory) or self._budget_left() <= 0:
                continue
            waiting.remove(request)
            process = _context().Process(
                target=_run_in_process,
                args=(request, self.root, self.limits, dict(os.environ)),
                name=request.key,
            )
            with _main_left_alone():
                process.start()
            self._running.append(_Running(request, process, memory))

    def _fits(self, memory: float) -> bool:
        """Whether one more fits; a calculation larger than the machine runs alone."""
        if (len(self._running) + 1) * self.limits.cores_each > self.limits.cores:
            return False
        used = sum(running.memory for running in self._running)
        return not self._running or used + memory <= self._memory

    def _budget_left(self) -> float:
        """Core-hours left, as far as the running attempts have told what they use."""
        if self.limits.core_hours is None:
            return float("inf")
        return self.limits.core_hours - Ledger.of(self.root).core_hours(self.limits.account)

    def _collect(self) -> dict[str, Outcome]:
        """Wait until a calculation ends, or the budget may have, and read what ended."""
        timeout = None if self.limits.core_hours is None else HEARTBEAT_SECONDS
        wait([running.process.sentinel for running in self._running], timeout)
        ended = [running for running in self._running if not running.process.is_alive()]
        self._running = [running for running in self._running if running not in ended]
        return {running.request.key: self._outcome(running) for running in ended}

    def _outcome(self, running: _Running) -> Outcome:
        running.process.join()
        folder = CalculationFolder(self.root, running.request.key)
        outcome = folder.result() or folder.failure()
        if outcome is not None:
            return outcome
        end_what_was_abandoned(self.root.resolve())
        return CalculationFailure(
            key=running.request.key,
            reason="worker_died",
            message=f"The process of the calculation ended with {running.process.exitcode}.",
            exit_code=4,
        )

    def _stop_for_budget(self, waiting: list[CalculationRequest]) -> dict[str, Outcome]:
        stopped = [running.request for running in self._running]
        self._stop_all()
        missed = [*stopped, *waiting]
        waiting.clear()
        return {
            request.key: CalculationFolder(self.root, request.key).result()
            or CalculationFailure(
                key=request.key,
                reason="budget",
                message=f"The budget of {self.limits.core_hours} core-hours is spent; the "
                "calculation goes on from where it is when the budget is raised.",
                exit_code=4,
            )
            for request in missed
        }

    def _stop_all(self) -> None:
        for running in self._running:
            running.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for running in self._running:
            running.process.join(max(0.0, deadline - time.monotonic()))
            if running.process.is_alive():
                self._kill(running)
        self._running = []

    def _kill(self, running: _Running) -> None:
        """End a calculation that does not end itself, and the program that it leaves behind."""
        running.process.kill()
        running.process.join()
        CalculationFolder(self.root.resolve(), running.request.key).stop_orphans()


def end_what_was_abandoned(root: Path) -> None:
    """End programs that killed processes have left running, and close their attempts.

    Args:
        root: Folder of all calculations, absolute.
    """
    ledger = Ledger.of(root)
    for key in ledger.open_calculations():
        folder = CalculationFolder(root, key)
        with folder.locked_if_free() as free:
            if free:
                folder.stop_orphans()
                ledger.close_abandoned(key)


def warm_up() -> None:
    """Start the fork server now: it imports on one core while calculations are planned on another.

    The environment of the moment is what it imports with.
    """
    _context()
    with _main_left_alone():
        forkserver.ensure_running()


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PRELOAD])
    return context


@contextmanager
def _main_left_alone() -> Iterator[None]:
    """Keep a starting process from importing the main script again.

    A calculation needs nothing of it; importing a command line would take seconds each time, and a
    script without a main guard would start itself again.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _run_in_process(
    request: CalculationRequest, root: Path, limits: Limits, environment: dict[str, str]
) -> None:
    """Entry of the process; the import is free, the fork server has made it.

    The fork server keeps the environment of the moment when somebody first used it, so today's is
    handed on.
    """
    os.environ.clear()
    os.environ.update(environment)
    from dft_inputs.running.worker import run_calculation  # noqa: PLC0415

    run_calculation(request, root, limits)
