"""A relaxation of a crystal on one potential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field
from pymatgen.core import Structure

from stores.documents.base import CompositionFields, Document


class RelaxationDocument(Document, CompositionFields):
    """How one crystal relaxed at one level; failures are kept with their reason.

    Attributes:
        relaxation_id: hash of start, level and settings.
        candidate_id: the candidate that was relaxed, if it was one.
        initial_structure_id: content hash of the start.
        structure_id: content hash of the end; None after a failure.
        campaign_ids: every campaign that used it.
        level: energy level, e.g. ``dao-p@1a2b3c4d``.
        energy_per_atom: eV/atom at the end; under pressure (the level says so) the enthalpy.
        energy_per_atom_before: the same at the start.
        energy_std: eV/atom, if the potential gives one.
        pressure: GPa.
        steps: steps taken.
        stop_reason: ``converged``, ``max_steps``, ``volume_guard`` ...
        converged: whether forces and stress met their limits.
        max_force: eV/angstrom at the end.
        max_stress: eV/angstrom^3 at the end.
        volume_per_atom: cubic angstrom at the end.
        space_group: symbol at the end.
        space_group_number: 1 to 230.
        settings: the relaxation settings.
        structure: pymatgen dictionary at the end.
        error: why there is no result.
    """

    collection: ClassVar[str] = "relaxations"
    key: ClassVar[str] = "relaxation_id"
    indexed: ClassVar[tuple[str, ...]] = (
        "structure_id", "candidate_id", "chemsys", "level", "energy_per_atom", "campaign_ids",
    )  # fmt: skip

    relaxation_id: str
    candidate_id: str | None = None
    initial_structure_id: str | None = None
    structure_id: str | None = None
    campaign_ids: list[str] = Field(default_factory=list)
    level: str
    energy_per_atom: float | None = None
    energy_per_atom_before: float | None = None
    energy_std: float | None = None
    pressure: float = 0.0
    steps: int = 0
    stop_reason: str
    converged: bool = False
    max_force: float | None = None
    max_stress: float | None = None
    volume_per_atom: float | None = None
    space_group: str | None = None
    space_group_number: int | None = Field(default=None, ge=1, le=230)
    settings: dict[str, Any] = Field(default_factory=dict)
    structure: dict[str, Any] | None = None
    error: str | None = None

    def to_pymatgen(self) -> Structure | None:
        """The relaxed crystal."""
        return Structure.from_dict(self.structure) if self.structure else None

    def merged(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The new content; no campaign that used it before is forgotten."""
        document = self.to_store()
        campaigns = {*stored.get("campaign_ids", ()), *self.campaign_ids}
        document["campaign_ids"] = sorted(campaigns)
        return document
