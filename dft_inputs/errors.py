"""Typed errors of the DFT room: what is wrong, where, and what to do about it.

Every failed calculation carries a short stable ``reason`` word, so that failures can be counted
without reading messages.
"""

from __future__ import annotations

from dao_core.errors import CalculationError, DaoError, MissingError


class MissingProgramError(MissingError):
    """The DFT program is not on this machine."""

    reason = "missing_program"


class MissingPseudopotentialError(MissingError):
    """A pseudopotential family is not installed, or lacks an element."""

    reason = "missing_pseudopotential"


class ChecksumError(DaoError):
    """A file is not the file that its checksum names."""

    exit_code = 3
    reason = "checksum"


class UnrecoverableError(CalculationError):
    """The program refused its input: no correction can help."""

    reason = "unrecoverable"


class ScfNotConvergedError(CalculationError):
    """The self-consistent field did not converge."""

    reason = "scf_not_converged"


class IonsNotConvergedError(CalculationError):
    """The relaxation did not reach its thresholds."""

    reason = "ions_not_converged"


class WalltimeError(CalculationError):
    """The program stopped because its time was over."""

    reason = "walltime"


class EmptyOutputError(CalculationError):
    """The program left no output, or an empty one."""

    reason = "empty_output"


class TruncatedOutputError(CalculationError):
    """The output stops in the middle."""

    reason = "truncated_output"


class ContradictoryOutputError(CalculationError):
    """Two outputs of one run, or two parts of one output, do not agree."""

    reason = "contradictory_output"


class ForeignOutputError(CalculationError):
    """The output is whole, but of another calculation than the one that was asked for."""

    reason = "foreign_output"
