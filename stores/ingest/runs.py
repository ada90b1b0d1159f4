"""Folders of calculations: the walk that is the same for every program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from dao_core.errors import InputError
from stores.ingest.entry import Entry


class RunFolder:
    """Every run of one program below a folder, by path; subclasses read the output of one run.

    Args:
        folder: searched through all levels.
        level: energy level; by default made from the settings of each run, because energies of
            different ones must not share a hull.

    Raises:
        InputError: no such folder, or no run below it.
    """

    name: ClassVar[str]
    pattern: ClassVar[str]
    licence: str | None = None

    def __init__(self, folder: Path, level: str | None = None) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder")
        if next(folder.rglob(self.pattern), None) is None:
            raise InputError(f"{folder}: no file {self.pattern} in it or below")
        self.folder = folder
        self.level = level
        self.parameters: dict[str, Any] = {"folder": str(folder.resolve()), "level": level}

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """One entry per run; the cursor is the path of the last one, seen from the folder."""
        for file in sorted(self.folder.rglob(self.pattern)):
            identity = str(file.relative_to(self.folder))
            if cursor is None or identity > cursor:
                yield self.read(file, identity)

    @abstractmethod
    def read(self, file: Path, identity: str) -> Entry:
        """The last configuration of one run, or the reason why it is not taken."""
