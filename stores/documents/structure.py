"""A crystal, once, however often it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field
from pymatgen.core import Structure
from pymatgen.symmetry.groups import sg_symbol_from_int_number

from dao_core.crystal.identity import structure_id
from dao_core.crystal.symmetry import space_group_number
from stores.documents.base import CompositionFields, Document, composition_fields


class StructureDocument(Document, CompositionFields):
    """One crystal by content; where it came from stands in candidates and labels.

    The first writer's coordinates stay: later finds of the same ``structure_id`` change nothing,
    so the document never depends on who came last.

    Attributes:
        structure_id: content hash, see :func:`dao_core.crystal.identity.structure_id`.
        space_group: international short symbol at 0.1 angstrom.
        space_group_number: 1 to 230.
        volume_per_atom: cubic angstrom.
        density: g/cm^3.
        structure: pymatgen dictionary.
    """

    collection: ClassVar[str] = "structures"
    key: ClassVar[str] = "structure_id"
    indexed: ClassVar[tuple[str, ...]] = ("chemsys", "formula", "space_group_number")

    structure_id: str
    space_group: str
    space_group_number: int = Field(ge=1, le=230)
    volume_per_atom: float = Field(gt=0)
    density: float
    structure: dict[str, Any]

    @classmethod
    def from_structure(cls, structure: Structure) -> Self:
        """Describe a crystal.

        Raises:
            InputError: it is disordered, not finite, or without volume.
        """
        number = space_group_number(structure)
        return cls(
            structure_id=structure_id(structure),
            space_group=sg_symbol_from_int_number(number),
            space_group_number=number,
            volume_per_atom=structure.volume / len(structure),
            density=float(structure.density),
            structure=structure.as_dict(),
            **composition_fields(structure),
        )

    def to_pymatgen(self) -> Structure:
        """The crystal."""
        return Structure.from_dict(self.structure)

    def merged(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The first writer's document."""
        return dict(stored)
