"""The models that ship with the package."""

from __future__ import annotations

from pathlib import Path

from dao_core.errors import MissingError
from dao_core.local_paths import local_path

SHIPPED = Path(__file__).parent


def model_path(name: str) -> Path:
    """The file of a shipped model (``dao-g``, ``dao-p``) or ``name`` itself if it is a path.

    Raises:
        MissingError: neither exists; the message lists the shipped names.
    """
    shipped = SHIPPED / f"{name}.safetensors"
    if shipped.is_file():
        return shipped
    path = local_path(name)
    if path.suffix == ".safetensors" and path.is_file():
        return path
    known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.safetensors"))) or "none"
    raise MissingError(f"there is no model {name!r}; give a .safetensors file or one of: {known}")
