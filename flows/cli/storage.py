"""A full disk and its kin: what a file system refuses becomes an error that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from dao_core.errors import MissingError

REFUSALS = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM,
        errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE,
    }
)  # fmt: skip
"""What lies with the machine; any other error of the system is a fault of ours."""


@contextmanager
def storage_errors_told() -> Iterator[None]:
    """Turn what a file system refuses inside the block into an error for the user.

    Raises:
        MissingError: Space, a right, or the disk itself is missing.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise MissingError(
            f"{where}{error.strerror}; make room there or name another folder (--out, --store or "
            "DAO_HOME). What is done is kept; the same command goes on"
        ) from error
