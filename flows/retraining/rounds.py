"""Rounds in the store: what one learns from, and which was begun and never ended."""

from __future__ import annotations

from pydantic import BaseModel

from dao_core.errors import InputError
from dao_core.hashing import content_id
from flows.retraining import labelled
from flows.retraining.models import REJECTED, serving_or_shipped
from flows.retraining.request import RetrainRequest
from stores import DaoStore
from stores.builders import build_training_set
from stores.documents import EventDocument, ManifestDocument, utc_now

BEGUN, ENDED = "retraining_begun", "retraining_ended"


class Round(BaseModel):
    """A round that is to be done, or to be done to its end.

    Attributes:
        level: Level of its labels.
        manifest_id: Its training set.
        predictors: Ids of the DAO-Ps whose relaxations it looks at again: of the one that served
            when it began, and of those of earlier rounds that were never ended.
    """

    level: str
    manifest_id: str
    predictors: tuple[str, ...]


def assemble(store: DaoStore, request: RetrainRequest) -> tuple[ManifestDocument, int]:
    """The training set of the level as it is now, and how many of its labels are new.

    Raises:
        InputError: There is no hold-out, or nothing to train on.
    """
    labelled.holdout_of(store, request.holdout, request.level)
    manifest = build_training_set(store, request.level)
    seen = {entry.example_id for one in _manifests_seen(store) for entry in one.entries}
    labels = {entry.example_id for entry in manifest.entries
              if entry.example_id.startswith(labelled.LABELS)}  # fmt: skip
    return manifest, len(labels - seen)


def begin(store: DaoStore, level: str, manifest_id: str) -> Round:
    """Begin a round; it takes the place of those that were never ended."""
    open_rounds = _unfinished(store, level)
    before = [one for earlier in open_rounds for one in earlier.predictors]
    predictors = dict.fromkeys([*before, serving_or_shipped(store, "predictor").id])
    begun = Round(level=level, manifest_id=manifest_id, predictors=tuple(predictors))
    _record(store, BEGUN, begun)
    for earlier in open_rounds:
        if earlier != begun:
            _record(store, ENDED, earlier)
    return begun


def unfinished(store: DaoStore, level: str) -> Round | None:
    """The latest round of a level that was begun and never ended: somebody killed it."""
    return next(iter(reversed(_unfinished(store, level))), None)


def end(store: DaoStore, done: Round) -> None:
    """Write down that everything of a round is done."""
    _record(store, ENDED, done)


def manifest_named(store: DaoStore, manifest_id: str) -> ManifestDocument:
    """A training set by its id.

    Raises:
        InputError: There is none.
    """
    manifest = store.get(ManifestDocument, manifest_id)
    if manifest is None:
        raise InputError(f"no training set {manifest_id} in {store.uri}")
    return manifest


def _manifests_seen(store: DaoStore) -> list[ManifestDocument]:
    """The training sets of the serving predictor, and of those that were rejected in its place."""
    parent = serving_or_shipped(store, "predictor")
    events = store.find(EventDocument, {"kind": REJECTED})
    rejected = [one for one in events if one.detail.get("parent") == parent.id]
    ids = [parent.manifest_id, *(one.detail["manifest_id"] for one in rejected)]
    return list(store.find(ManifestDocument, {"manifest_id": {"$in": [i for i in ids if i]}}))


def _unfinished(store: DaoStore, level: str) -> list[Round]:
    """The rounds of a level that were begun and never ended, the oldest first."""
    events = store.find(EventDocument, {"kind": BEGUN, "subject": level}, sort={"happened": 1})
    begun = [Round.model_validate(event.detail) for event in events]
    ended = store.known_ids(EventDocument, [_event_id(ENDED, one) for one in begun])
    return [one for one in begun if _event_id(ENDED, one) not in ended]


def _record(store: DaoStore, kind: str, what: Round) -> None:
    store.insert_new(
        EventDocument(
            event_id=_event_id(kind, what),
            kind=kind,
            subject=what.level,
            detail=what.model_dump(mode="json"),
            happened=utc_now(),
        )
    )


def _event_id(kind: str, what: Round) -> str:
    return content_id("e", [kind, what.model_dump(mode="json")])
