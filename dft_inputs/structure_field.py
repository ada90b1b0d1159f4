"""A pymatgen structure as a field of a pydantic document."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer
from pymatgen.core import Structure


def _read(value: object) -> object:
    return Structure.from_dict(value) if isinstance(value, dict) else value


def _write(structure: Structure) -> dict[str, Any]:
    return structure.as_dict()


StructureField = Annotated[InstanceOf[Structure], BeforeValidator(_read), PlainSerializer(_write)]
"""A structure that is read from and written to its dictionary form."""
