"""Files that appear whole or not at all, also when two workers write the same one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """A draft beside ``file``, of this process alone, that takes its place at the end.

    A process that is killed leaves ``file`` as it was.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
