"""Typed errors: each says what is wrong, where, and what to do about it.

Every error that can reach a user derives from :class:`DaoError` and carries the exit code with
which the command line ends (see ``flows/cli/app.py``).
"""

from __future__ import annotations


class DaoError(Exception):
    """Base of all errors that are reported to the user without a traceback."""

    exit_code: int = 4


class InputError(DaoError, ValueError):
    """What the user gave is wrong: a formula, a file, an option, a structure."""

    exit_code = 2


class MissingError(DaoError, FileNotFoundError):
    """Something that the work needs is not on this machine: a model, a program, a package."""

    exit_code = 3


class CheckpointError(InputError):
    """A model file is corrupt, of an unknown kind, or does not fit the network it names."""


class DomainError(InputError):
    """The request lies outside what a model or potential was made for."""
