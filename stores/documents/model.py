"""A checkpoint: what it is, what it was trained on, how good it is, which one serves."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from stores.documents.base import Document, Moment

ModelKind = Literal["generator", "predictor"]


class ModelDocument(Document):
    """One registered checkpoint.

    Attributes:
        model_id: hash of the checkpoint file.
        kind: generator or predictor.
        name: a readable name.
        checkpoint: hash of the file in the blob store.
        manifest_id: the training set it saw.
        parents: ids of the models it was fine-tuned from.
        metrics: validation figures by name.
        card: the model card.
        campaign_id: the campaign or retraining run that made it.
        registered: when it came into the store.
    """

    collection: ClassVar[str] = "models"
    key: ClassVar[str] = "model_id"
    schema_current: ClassVar[int] = 2
    indexed: ClassVar[tuple[str, ...]] = ("kind", "manifest_id")

    model_id: str
    kind: ModelKind
    name: str
    checkpoint: str | None = None
    manifest_id: str | None = None
    parents: list[str] = Field(default_factory=list)
    metrics: dict[str, float] = Field(default_factory=dict)
    card: dict[str, Any] = Field(default_factory=dict)
    campaign_id: str | None = None
    registered: Moment


class PromotionDocument(Document):
    """One step in the history of which model serves; the highest number of a kind is in force.

    Attributes:
        promotion_id: kind and number, e.g. ``generator-000003``.
        kind: generator or predictor.
        number: counts up from 1 within a kind.
        model_id: the model that serves from here on.
        action: ``promote`` or ``rollback``.
        reason: why.
        promoted: when.
    """

    collection: ClassVar[str] = "promotions"
    key: ClassVar[str] = "promotion_id"
    indexed: ClassVar[tuple[str, ...]] = ("kind", "number")

    promotion_id: str
    kind: ModelKind
    number: int = Field(ge=1)
    model_id: str
    action: Literal["promote", "rollback"]
    reason: str = ""
    promoted: Moment
