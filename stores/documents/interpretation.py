"""What a crystal means: its phonons, electrons, surfaces, layer, defects, place under pressure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field
from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.hashing import content_id
from stores.documents.base import CompositionFields, Document, composition_fields

InterpretationKind = Literal[
    "phonons", "pressure", "electrons", "surface", "layer", "defects", "network"
]


def interpretation_id(
    structure: Structure, kind: InterpretationKind, level: str, settings: Mapping[str, Any]
) -> str:
    """Id of what is, or will be, found out about a crystal.

    Raises:
        InputError: the crystal is disordered, not finite, or without volume.
    """
    return content_id("i", [kind, structure_id(structure), level, dict(settings)])


class InterpretationDocument(Document, CompositionFields):
    """One interpretation of one crystal at one level.

    Attributes:
        interpretation_id: hash of kind, crystal, level and settings.
        kind: what was looked at.
        structure_id: the crystal that was asked about.
        candidate_id: the candidate it came from, if any.
        name: the file or id that the user gave.
        level: energy level of all figures in it.
        settings: what decides the figures beside crystal and level.
        result: the figures, units as the commands that make them say.
        flags: what a reader must know before trusting a figure.
        validation_id: the DFT calculation it rests on, if it does.
    """

    collection: ClassVar[str] = "interpretations"
    key: ClassVar[str] = "interpretation_id"
    indexed: ClassVar[tuple[str, ...]] = ("structure_id", "candidate_id", "kind", "chemsys")

    interpretation_id: str
    kind: InterpretationKind
    structure_id: str
    candidate_id: str | None = None
    name: str
    level: str
    settings: dict[str, Any] = Field(default_factory=dict)
    result: dict[str, Any]
    flags: list[str] = Field(default_factory=list)
    validation_id: str | None = None

    @classmethod
    def of(
        cls, structure: Structure, *, kind: InterpretationKind, level: str,
        settings: dict[str, Any], **facts: Any,
    ) -> Self:  # fmt: skip
        """Interpret a crystal; ``facts`` are further fields of the document.

        Raises:
            InputError: the crystal is disordered, not finite, or without volume.
        """
        return cls(
            interpretation_id=interpretation_id(structure, kind, level, settings),
            kind=kind,
            structure_id=structure_id(structure),
            level=level,
            settings=settings,
            **composition_fields(structure),
            **facts,
        )
