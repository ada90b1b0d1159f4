"""A fact about a crystal from a calculation or a database: what models are trained on."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field
from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.hashing import content_id
from stores.documents.base import CompositionFields, Document, composition_fields


class LabelDocument(Document, CompositionFields):
    """Energy, forces, stress or properties of one structure at one level.

    Attributes:
        label_id: hash of source, source's id, level and structure.
        structure_id: content hash of the structure.
        level: energy level; labels of different levels never share a hull.
        source: ``validation``, ``materials-project``, ``oqmd``, ``optimade:<provider>``,
            ``records:<file>``, ``csv:<file>``, ``files``, ``vasp``, ``qe`` ...
        source_id: the id in the source.
        energy_per_atom: eV/atom.
        formation_energy_per_atom: eV/atom, as the source gives it.
        energy_above_hull: eV/atom, as the source gives it; our own stands in ``thermo``.
        forces: ``[N, 3]`` eV/angstrom, in the order of the structure's sites.
        stress: ``[3, 3]`` eV/angstrom^3, sign of dE/dstrain.
        band_gap: eV.
        properties: other scalars by name, in the source's units.
        validation_id: the calculation it came from, if it was ours.
        protocol_fingerprint: hash of everything that decides the numbers, if it was ours.
        licence: licence of the source's data.
        structure: pymatgen dictionary.
    """

    collection: ClassVar[str] = "labels"
    key: ClassVar[str] = "label_id"
    indexed: ClassVar[tuple[str, ...]] = (
        "structure_id", "chemsys", "formula", "level", "source", "source_id",
    )  # fmt: skip

    label_id: str
    structure_id: str
    level: str
    source: str
    source_id: str | None = None
    energy_per_atom: float | None = None
    formation_energy_per_atom: float | None = None
    energy_above_hull: float | None = None
    forces: list[list[float]] | None = None
    stress: list[list[float]] | None = None
    band_gap: float | None = None
    properties: dict[str, Any] = Field(default_factory=dict)
    validation_id: str | None = None
    protocol_fingerprint: str | None = None
    licence: str | None = None
    structure: dict[str, Any]

    @classmethod
    def of(
        cls, structure: Structure, *, level: str, source: str, source_id: str | None = None,
        **facts: Any,
    ) -> Self:  # fmt: skip
        """Label a crystal; ``facts`` are further fields of the document.

        Raises:
            InputError: the crystal is disordered, not finite, or without volume.
        """
        identity = structure_id(structure)
        parts = [source, source_id or identity, level]
        return cls(
            label_id=content_id("l", parts),
            structure_id=identity,
            level=level,
            source=source,
            source_id=source_id,
            structure=structure.as_dict(),
            **composition_fields(structure),
            **facts,
        )

    def to_pymatgen(self) -> Structure:
        """The crystal, in the order of the forces."""
        return Structure.from_dict(self.structure)
