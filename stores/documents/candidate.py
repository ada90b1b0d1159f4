"""A proposed crystal: where it came from, and how far it got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field
from pymatgen.core import Structure

from stores.documents.base import CompositionFields, Document


class CandidateDocument(Document, CompositionFields):
    """One proposal of one source.

    Attributes:
        candidate_id: hash of its provenance, see :func:`dao_core.crystal.identity.candidate_id`.
        structure_id: content hash; None when the crystal is unusable (then ``rejection`` says so).
        campaign_ids: every campaign that proposed it.
        origin: ``dao-g``, ``template:<prototype>``, ``random`` or ``user:<file>``.
        model_id: hash of the checkpoint that made it, if one did.
        provenance: what ``candidate_id`` is the hash of: source, checkpoint, seed, index.
        state: ``new``, or the last stage that it passed; free words of the campaign.
        rejected_at: stage at which it left, or None.
        rejection: short reason word, e.g. ``too_close``.
        structure: pymatgen dictionary as generated (P1); None when it is not a crystal at all.
    """

    collection: ClassVar[str] = "candidates"
    key: ClassVar[str] = "candidate_id"
    indexed: ClassVar[tuple[str, ...]] = ("structure_id", "chemsys", "campaign_ids", "model_id")

    candidate_id: str
    structure_id: str | None = None
    campaign_ids: list[str] = Field(default_factory=list)
    origin: str
    model_id: str | None = None
    provenance: dict[str, Any] = Field(default_factory=dict)
    state: str = "new"
    rejected_at: str | None = None
    rejection: str | None = None
    structure: dict[str, Any] | None = None

    def to_pymatgen(self) -> Structure | None:
        """The crystal as generated."""
        return Structure.from_dict(self.structure) if self.structure else None

    def merged(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The new content; no campaign that found it before is forgotten."""
        document = self.to_store()
        campaigns = {*stored.get("campaign_ids", ()), *self.campaign_ids}
        document["campaign_ids"] = sorted(campaigns)
        return document
