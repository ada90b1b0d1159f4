"""Errors of the store: out of reach, read-only, full, busy, corrupt, not a store."""

from __future__ import annotations

from dao_core.errors import DaoError, InputError, MissingError


class StoreError(DaoError):
    """Base of what can go wrong between the program and its store."""


class StoreUnreachableError(StoreError, MissingError):
    """The server or folder of the store does not answer."""

    exit_code = 3


class StoreReadOnlyError(StoreError):
    """The store can be read but not written: permissions, a read-only file system."""

    exit_code = 3


class StoreFullError(StoreError):
    """No space is left for the store; nothing of the refused write was kept."""


class StoreBusyError(StoreError):
    """Another writer kept the store locked for longer than the waiting time."""


class StoreCorruptError(StoreError):
    """The file is damaged or not a store; it is never taken for an empty one."""


class WrongStoreError(InputError):
    """The URI names something that cannot serve as a store, with the reason."""
