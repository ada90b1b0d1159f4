"""The handler of what no correction can help: it ends the attempts at once."""

from __future__ import annotations

from typing_extensions import override

from dft_inputs.qe.handlers.base import Changes, PwAttempt, PwHandler
from dft_inputs.qe.handlers.electronic import DiagonalizationHandler
from dft_inputs.qe.handlers.ionic import BfgsHandler, CellFactorHandler


class UnrecoverableHandler(PwHandler):
    """pw.x refused its input: a missing pseudopotential, an unknown setting, overlapping atoms."""

    error = "unrecoverable"
    recoverable = (DiagonalizationHandler(), CellFactorHandler(), BfgsHandler())

    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether an error message is not one that another handler cures."""
        if attempt.stdout.error_message is None:
            return False
        return not any(handler.recognises(attempt) for handler in self.recoverable)

    @override
    def cure(self, attempt: PwAttempt) -> Changes | None:
        """Nothing helps."""
        return None
