"""What all handlers of pw.x share: read the signatures, back up, change the input, record it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custodian.custodian import ErrorHandler
from custodian.utils import backup

from dft_inputs.qe import files
from dft_inputs.qe.geometry import last_geometry
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.schemas.pw_stdout import PwStdout, read_pw_stdout

Changes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class PwAttempt:
    """One attempt of pw.x that has ended: its folder, its input and its signatures."""

    directory: Path
    pw_input: PwInput
    stdout: PwStdout

    @classmethod
    def read(cls, directory: str | Path) -> PwAttempt:
        """Read the attempt in a folder."""
        folder = Path(directory)
        stdout = read_pw_stdout(folder / files.OUTPUT)
        return cls(folder, PwInput.from_directory(folder), stdout)


class PwHandler(ErrorHandler):
    """Base of the handlers: one failure each, recognised in the standard output."""

    error: str = ""
    """Short name of the failure, as the record of corrections has it."""

    continues: bool = False
    """Whether the next attempt of a relaxation starts from the last geometry."""

    @abstractmethod
    def recognises(self, attempt: PwAttempt) -> bool:
        """Whether this handler's failure happened."""

    @abstractmethod
    def cure(self, attempt: PwAttempt) -> Changes | None:
        """Settings to change, ``{namelist: {name: value}}``; None when nothing is left to try."""

    def check(self, directory: str = "./") -> bool:
        """Whether the failure happened, as custodian asks after each attempt."""
        return self.recognises(PwAttempt.read(directory))

    def correct(self, directory: str = "./") -> dict[str, Any]:
        """Change the input for the next attempt and report the change, as custodian asks."""
        attempt = PwAttempt.read(directory)
        pw_input = attempt.pw_input
        changes = self.cure(attempt)
        if changes is None:
            return {"errors": [self.error], "actions": None}
        backup([files.INPUT, files.OUTPUT, files.ERROR], directory=directory)
        pw_input.update(changes)
        actions: list[dict[str, Any]] = [
            {"namelist": name, "set": dict(values)} for name, values in changes.items()
        ]
        geometry = last_geometry(attempt.directory) if self.continues else None
        if geometry is not None:
            pw_input.set_geometry(geometry.lattice.matrix, geometry.frac_coords)
            actions.append({"geometry": "last"})
        pw_input.write_file(attempt.directory / files.INPUT)
        return {"errors": [self.error], "actions": actions}
