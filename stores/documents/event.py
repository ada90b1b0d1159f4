"""Something that happened and must not be forgotten."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from stores.documents.base import Document, Moment


class EventDocument(Document):
    """One event, for example a rejection, a failure, an approval, a promotion.

    Attributes:
        event_id: hash of what happened to what.
        kind: short word, e.g. ``rejected``.
        subject: id of what it happened to.
        campaign_id: the campaign in which it happened.
        reason: short reason word.
        detail: further facts.
        happened: when.
    """

    collection: ClassVar[str] = "events"
    key: ClassVar[str] = "event_id"
    indexed: ClassVar[tuple[str, ...]] = ("kind", "subject", "campaign_id")

    event_id: str
    kind: str
    subject: str
    campaign_id: str | None = None
    reason: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
    happened: Moment
