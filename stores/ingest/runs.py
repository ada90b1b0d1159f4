"""Folders of calculations: the walk that is the same for every program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from dao_core.errors import CalculationError, InputError
from dft_inputs.finished import FinishedRun, NoLabelError, OtherRunError
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
                yield self._entry(file, identity)

    @abstractmethod
    def read(self, file: Path) -> FinishedRun:
        """The last configuration of one run.

        Raises:
            CalculationError: it is not taken, and why.
        """

    def _entry(self, file: Path, identity: str) -> Entry:
        try:
            run = self.read(file)
        except OtherRunError as error:
            return Entry(identity, reason=error.reason, cursor=identity, is_fault=False)
        except NoLabelError as error:
            return Entry(identity, reason=f"{error.reason}: {error}", cursor=identity)
        except (CalculationError, OSError) as error:
            # A truncated file is how an interrupted run looks.
            word = getattr(error, "reason", "unreadable_run")
            word = word if word == "foreign_output" else "unreadable_run"
            return Entry(identity, reason=f"{word}: {error}", cursor=identity)
        facts = {
            "energy_per_atom": run.energy / len(run.structure),
            "forces": run.forces,
            "stress": run.stress,
            "properties": run.properties,
        }
        return Entry(identity, run.structure, self.level or run.level, facts, cursor=identity)
