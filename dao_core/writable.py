"""Whether files can be written into a folder, known before any work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dao_core.errors import InputError


def check_output_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, without making it.

    Raises:
        InputError: The folder, or the nearest one above it that exists, cannot be written.
    """
    require_writable(folder, "--out")


def require_writable(folder: Path, what: str) -> None:
    """Make sure that files can be written into a folder, without making it.

    Args:
        folder: It, or a folder that is still to be made.
        what: Setting that names it, for the error.

    Raises:
        InputError: The folder, or the nearest one above it that exists, cannot be written.
    """
    nearest = folder.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        raise InputError(f"{what} {folder}: {nearest} is not a folder")
    try:
        tempfile.TemporaryFile(dir=nearest).close()  # root passes every check of permissions
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{what} {folder}: {nearest} cannot be written ({reason}); choose another folder"
        ) from error
