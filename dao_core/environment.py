"""What the shell says: the variables ``DAO_...``, each with its default, spelled once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from dao_core.local_paths import local_path


@dataclass(frozen=True)
class Variable:
    """A variable of the shell; one that is empty counts as one that is not set.

    Attributes:
        name: As it is spelled in the shell.
        meaning: What it is for, in a few words.
        default: What counts where it is not set.
    """

    name: str
    meaning: str
    default: str = ""

    @property
    def value(self) -> str:
        """What it says now; the default, or nothing, where it is not set."""
        return os.environ.get(self.name) or self.default


HOME = Variable("DAO_HOME", "folder of the store, imported models, pseudopotentials and DFT runs")
STORE = Variable("DAO_STORE", "URI of the default store; the place for one with credentials")
BLOBS = Variable("DAO_BLOBS", "where large parts of documents lie: s3://bucket/prefix or a folder")
DEVICE = Variable("DAO_DEVICE", "where models compute: cpu, cuda, cuda:1, mps")
PW_COMMAND = Variable("DAO_PW_COMMAND", "command that runs pw.x: mpirun -n 4 pw.x", "pw.x")
VASP_COMMAND = Variable("DAO_VASP_COMMAND", "command that runs VASP")
LOG_LEVEL = Variable("DAO_LOG_LEVEL", "debug, info, warning or error")
LOG_FORMAT = Variable("DAO_LOG_FORMAT", "json for one object per line")


def dao_home() -> Path:
    """The folder of all that is kept between commands: ``DAO_HOME``, or the user's own."""
    home = HOME.value
    return local_path(home) if home else user_data_path("dao", appauthor=False)
