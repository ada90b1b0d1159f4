"""Which batches are done: one event per batch in the store, found again by its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stores import DaoStore
from stores.documents import EventDocument, utc_now


class Ledger:
    """Finished batches of work, shared by all campaigns of one store.

    A batch is known by a key that follows from its content alone (see
    :func:`dao_core.hashing.content_id`). Its event is written last, after what the batch
    made, so that a batch whose event is missing is simply done again, to the same end.
    """

    def __init__(self, store: DaoStore, campaign_id: str) -> None:
        self.store = store
        self.campaign_id = campaign_id

    def done(self, keys: Sequence[str]) -> dict[str, EventDocument]:
        """The events of those batches that are done, by key."""
        if not keys:
            return {}
        events = self.store.find(EventDocument, {"event_id": {"$in": list(keys)}})
        return {event.event_id: event for event in events}

    def record(self, key: str, stage: str, outcome: Mapping[str, Any], seconds: float) -> None:
        """Record a batch as done.

        Args:
            key: Its content key.
            stage: The stage that it belongs to.
            outcome: What later stages need to know of it, JSON values.
            seconds: Wall time that it took.
        """
        event = EventDocument(
            event_id=key,
            kind="batch",
            subject=stage,
            campaign_id=self.campaign_id,
            detail={"outcome": dict(outcome), "seconds": round(seconds, 3)},
            happened=utc_now(),
        )
        self.store.put(event)
