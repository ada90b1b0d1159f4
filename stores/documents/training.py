"""What training sets are assembled from: classified examples, and registered test sets."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stores.documents.base import Document
from stores.documents.manifest import TrainingClass


class ExampleDocument(Document):
    """One label or relaxation that may enter a training set.

    Attributes:
        example_id: ``labels/<id>`` or ``relaxations/<id>``: where the structure stands.
        structure_id: content hash.
        formula: reduced formula.
        level: energy level.
        training_class: ``stable``, ``relaxed``, ``unstable`` or ``far`` within the default bounds;
            None when it is left out.
        energy_above_hull: eV/atom, our own hull's where there is one, else the source's.
        left_out: why it belongs to no class.
    """

    collection: ClassVar[str] = "examples"
    key: ClassVar[str] = "example_id"
    indexed: ClassVar[tuple[str, ...]] = ("level", "structure_id", "formula")

    example_id: str
    structure_id: str
    formula: str
    level: str
    training_class: TrainingClass | None = None
    energy_above_hull: float | None = None
    left_out: str | None = None


class TestSetDocument(Document):
    """A test set that no training set may contain.

    Attributes:
        test_set_id: its name, e.g. ``mp-20-test``.
        formulas: reduced formulas, sorted.
        structure_ids: content hashes, sorted.
        set_hash: hash of both.
    """

    __test__ = False  # pytest collects classes named Test*

    collection: ClassVar[str] = "test_sets"
    key: ClassVar[str] = "test_set_id"

    test_set_id: str
    formulas: list[str] = Field(default_factory=list)
    structure_ids: list[str] = Field(default_factory=list)
    set_hash: str
