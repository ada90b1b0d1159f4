"""Model files by name: those that ship with the package and those that were imported."""

from __future__ import annotations

from pathlib import Path

from dao_core.environment import dao_home
from dao_core.errors import InputError, MissingError
from dao_core.local_paths import local_path
from dao_core.pretrained import SHIPPED
from dao_core.writable import require_writable


def imported_folder() -> Path:
    """Where ``dao models import`` puts model files."""
    return dao_home() / "models"


def new_model_folder(name: str) -> Path:
    """The folder that takes an imported model called ``name``; it is made with its first file.

    Raises:
        InputError: a shipped model has that name, or the folder cannot be written.
    """
    if (SHIPPED / f"{name}.safetensors").is_file():
        raise InputError(f"{name} is the name of a shipped model; rename the file to be imported")
    folder = imported_folder()
    require_writable(folder, "DAO_HOME")
    return folder


def known_model_files() -> list[Path]:
    """All shipped, then all imported model files, each sorted by name."""
    folders = (SHIPPED, imported_folder())
    return [file for folder in folders for file in sorted(folder.glob("*.safetensors"))]


def model_file(name: str) -> Path:
    """The file of a shipped or imported model by its name, or ``name`` itself if it is a path.

    Raises:
        MissingError: there is none; the message lists the known names.
    """
    known = known_model_files()
    for file in known:
        if file.stem == name:
            return file
    path = local_path(name)
    if path.suffix == ".safetensors" and path.is_file():
        return path
    names = ", ".join(file.stem for file in known) or "none"
    raise MissingError(f"there is no model {name!r}; give a .safetensors file or one of: {names}")
