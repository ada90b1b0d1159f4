"""Counts per chemical system."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stores.documents.base import Document


class StatisticsDocument(Document):
    """What the store holds of one chemical system.

    Attributes:
        chemsys: e.g. ``Mg-O``.
        structures: number of structures.
        groups: number of groups of near-duplicates.
        candidates: candidates by origin.
        rejected: rejected candidates by reason.
        relaxations: relaxations by level.
        labels: labels by level.
        stable: structures on a hull by level.
    """

    collection: ClassVar[str] = "statistics"
    key: ClassVar[str] = "chemsys"

    chemsys: str
    structures: int = 0
    groups: int = 0
    candidates: dict[str, int] = Field(default_factory=dict)
    rejected: dict[str, int] = Field(default_factory=dict)
    relaxations: dict[str, int] = Field(default_factory=dict)
    labels: dict[str, int] = Field(default_factory=dict)
    stable: dict[str, int] = Field(default_factory=dict)
