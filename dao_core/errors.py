"""Typed errors: each says what is wrong, where, and what to do about it.

Every error that can reach a user derives from :class:`DaoError` and carries the exit code with
which the command line ends (see ``flows/cli/app.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches


class DaoError(Exception):
    """Base of all errors that are reported to the user without a traceback.

    Attributes:
        exit_code: with which the command line ends: 2 wrong input, 3 something missing, 4 work
            that failed.
        reason: a short stable word, so that failures are counted without reading messages.
        setting: name of the setting that the error is about, where :func:`concerning` said so;
            parts of a setting are told by dots.
    """

    exit_code: int = 4
    reason: str = "failed"
    setting: str | None = None


class InputError(DaoError, ValueError):
    """What the user gave is wrong: a formula, a file, an option, a structure."""

    exit_code = 2
    reason = "bad_input"


class MissingError(DaoError, FileNotFoundError):
    """Something that the work needs is not on this machine: a model, a program, a package."""

    exit_code = 3
    reason = "missing"


class CheckpointError(InputError):
    """A model file is corrupt, of an unknown kind, or does not fit the network it names."""


class DomainError(InputError):
    """The request lies outside what a model or potential was made for."""


class LevelMismatchError(InputError):
    """Energies of different levels of theory were about to be compared."""

    reason = "level_mismatch"


class CalculationError(DaoError):
    """A calculation ended without a usable result."""

    reason = "calculation_failed"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """The nearest known name as a question with a space behind it; empty where none is near.

    Args:
        name: what was written.
        known: what there is.
    """
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}? " if near else ""


@contextmanager
def concerning(setting: str) -> Iterator[None]:
    """Tell errors of this block which setting they are about.

    Raises:
        DaoError: as the block raised it, with its ``setting``.
    """
    try:
        yield
    except DaoError as error:
        error.setting = setting
        raise
