"""A training set: exactly which labels, in which class, and what was kept out and why."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from stores.documents.base import Document

TrainingClass = Literal["stable", "relaxed", "unstable", "far"]


class ManifestEntry(BaseModel):
    """One member of a training set; ``example_id`` is ``labels/<id>`` or ``relaxations/<id>``."""

    model_config = ConfigDict(extra="forbid")

    example_id: str
    structure_id: str
    training_class: TrainingClass


class ManifestDocument(Document):
    """A training set by hash: the same members and settings give the same id.

    Attributes:
        manifest_id: hash of the entries and settings.
        level: energy level of all labels.
        settings: bounds of the classes.
        counts: members by class.
        excluded: examples kept out, by reason.
        test_sets: name -> hash of the test sets that were audited against.
        entries: the members, sorted by example id.
    """

    collection: ClassVar[str] = "manifests"
    key: ClassVar[str] = "manifest_id"
    schema_current: ClassVar[int] = 2

    manifest_id: str
    level: str
    settings: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    excluded: dict[str, int] = Field(default_factory=dict)
    test_sets: dict[str, str] = Field(default_factory=dict)
    entries: list[ManifestEntry] = Field(default_factory=list)
