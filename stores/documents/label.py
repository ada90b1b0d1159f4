"""A fact about a crystal from a calculation or a database: what models are trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationError
from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.errors import InputError
from dao_core.hashing import content_id
from stores.documents.base import CompositionFields, Document, composition_fields
from stores.documents.impossible import impossible_reason

FACTS = ("energy_per_atom", "formation_energy_per_atom", "energy_above_hull", "forces", "stress",
         "band_gap", "properties")  # fmt: skip
"""What a label says of its crystal."""
TARGET_PRESSURE = "target_pressure_gpa"
"""Property of labels whose crystals were relaxed under pressure: their energy is no enthalpy."""
DIGITS = 8
"""Decimals that count: eV, eV/angstrom, eV/angstrom^3."""

REFINEMENT = "refinement"
"""Source of what a campaign's refinement relaxed: unproven like all that potentials relax."""


class LabelDocument(Document, CompositionFields):
    """Energy, forces, stress or properties of one structure at one level.

    Attributes:
        label_id: hash of what it says: structure, moments, level and numbers, see
            :func:`label_content`; who says it is a property, so that a name that is used twice
            never replaces a crystal by another.
        structure_id: content hash of the structure.
        level: energy level; labels of different levels never share a hull.
        source: ``validation``, ``refinement``, ``materials-project``, ``oqmd``,
            ``optimade:<provider>``, ``records:<file>``, ``csv:<file>``, ``files``, ``qe`` ...
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
        withdrawn: why it no longer counts, such as a newer entry of its source; None if it does.
        former_ids: ids that it had before its id followed from its content.
        structure: pymatgen dictionary.
    """

    collection: ClassVar[str] = "labels"
    key: ClassVar[str] = "label_id"
    schema_current: ClassVar[int] = 2
    may_hide: ClassVar[bool] = True
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
    withdrawn: str | None = None
    former_ids: list[str] = Field(default_factory=list)
    structure: dict[str, Any]

    @classmethod
    def of(
        cls, structure: Structure, *, level: str, source: str, source_id: str | None = None,
        **facts: Any,
    ) -> Self:  # fmt: skip
        """Label a crystal.

        Args:
            structure: the crystal, its sites in the order of the forces.
            level: energy level.
            source: who says it.
            source_id: its id there.
            facts: further fields of the document.

        Raises:
            InputError: the crystal is disordered, not finite, or without volume; or a fact cannot
                be, such as an energy that is not finite or forces of another number of atoms.
        """
        try:
            label = cls(
                label_id="",
                structure_id=structure_id(structure),
                level=level,
                source=source,
                source_id=source_id,
                structure=structure.as_dict(),
                **composition_fields(structure),
                **facts,
            )
        except ValidationError as error:
            raise InputError(f"impossible_facts: {error}") from error
        reason = impossible_reason(label.model_dump())
        if reason is not None:
            raise InputError(reason)
        return label.model_copy(update={"label_id": content_label_id(label.model_dump())})

    @classmethod
    def fault(cls, stored: Mapping[str, Any]) -> str | None:
        """Which of its numbers cannot be, or None."""
        return impossible_reason(stored)

    @classmethod
    def is_given_out(cls, stored: Mapping[str, Any]) -> bool:
        """Whether it counts: neither withdrawn nor impossible."""
        return not stored.get("withdrawn") and cls.fault(stored) is None

    def merged(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The first writer's document: content is the same; only whether it counts may change."""
        return {**stored, "withdrawn": self.withdrawn}

    def to_pymatgen(self) -> Structure:
        """The crystal, in the order of the forces."""
        return Structure.from_dict(self.structure)


def content_label_id(stored: Mapping[str, Any]) -> str:
    """The id of a label with these fields."""
    return content_id("l", label_content(stored))


def label_content(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a label this label and no other: crystal, moments, level and numbers.

    Numbers are rounded to ``DIGITS``, so that what is written to a file and read again is itself.
    """
    moments = [
        (site.get("properties") or {}).get("magmom") for site in stored["structure"]["sites"]
    ]
    facts = {name: stored.get(name) for name in FACTS}
    return {
        "structure_id": stored["structure_id"],
        "level": stored["level"],
        "moments": _rounded(moments) if any(moments) else None,
        **{name: _rounded(value) for name, value in facts.items() if value not in (None, {})},
    }


def _rounded(value: Any) -> Any:
    """Numbers within lists and mappings rounded; zero has no sign."""
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0 if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
