"""Where a structure stands on the hull of its level, and the hulls themselves."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from stores.documents.base import CompositionFields, Document


class ThermoDocument(Document, CompositionFields):
    """The lowest energy known of one structure at one level, and its place on that level's hull.

    Attributes:
        thermo_id: ``<structure_id>@<level>``.
        structure_id: content hash.
        level: energy level.
        hull_id: ``<chemsys>@<level>``.
        space_group: symbol, if the structure is in the store.
        space_group_number: 1 to 230.
        energy_per_atom: eV/atom.
        formation_energy_per_atom: eV/atom against the elements of the same level; None when an
            element is missing there.
        energy_above_hull: eV/atom, None when an element is missing.
        is_stable: on the hull.
        sources: where the energy came from: collection and id.
        is_placed: False until the hull of its system has been looked at with this energy.
    """

    collection: ClassVar[str] = "thermo"
    key: ClassVar[str] = "thermo_id"
    indexed: ClassVar[tuple[str, ...]] = (
        "structure_id", "hull_id", "chemsys", "level", "formula", "energy_above_hull", "is_stable",
        "is_placed",
    )  # fmt: skip

    thermo_id: str
    structure_id: str
    level: str
    hull_id: str
    space_group: str | None = None
    space_group_number: int | None = Field(default=None, ge=1, le=230)
    energy_per_atom: float
    formation_energy_per_atom: float | None = None
    energy_above_hull: float | None = None
    is_stable: bool | None = None
    sources: list[dict[str, str]]
    is_placed: bool = False


class HullDocument(Document):
    """The convex hull of one chemical system at one level.

    Attributes:
        hull_id: ``<chemsys>@<level>``.
        chemsys: e.g. ``Mg-O``.
        level: energy level of all its energies.
        missing_references: elements without an energy at this level; then there is no hull.
        stable: thermo id -> eV/atom of the phases on the hull, subsystems included.
        pending: what a builder still has to do: nothing, place the ``new`` entries of this
            system, or place ``all`` of them anew because a subsystem's hull changed.
    """

    collection: ClassVar[str] = "hulls"
    key: ClassVar[str] = "hull_id"
    indexed: ClassVar[tuple[str, ...]] = ("chemsys", "level", "pending")

    hull_id: str
    chemsys: str
    level: str
    missing_references: list[str] = Field(default_factory=list)
    stable: dict[str, float] = Field(default_factory=dict)
    pending: Literal["", "new", "all"] = ""


def hull_id(chemsys: str, level: str) -> str:
    """The id of the hull of a chemical system at a level."""
    return f"{chemsys}@{level}"
