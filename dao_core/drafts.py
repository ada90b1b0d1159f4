"""Files that appear whole or not at all, also when two workers write the same one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """A draft beside ``file``, of this writer alone, that takes its place at the end.

    It is on the disk before it gets its name: a process that is killed, or a machine that loses
    its power, leaves ``file`` as it was. New files have the permissions that the umask leaves them.
    """
    draft = file.with_name(f".{file.name}.{uuid4().hex}.tmp")
    try:
        yield draft
        _flush(draft)
        draft.replace(file)
        _flush(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Have a file or the entries of a folder written to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
