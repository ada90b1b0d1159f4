"""Which model serves: an append-only history whose last entry is in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from dao_core.errors import InputError
from stores.dao_store import DaoStore
from stores.documents import ModelDocument, ModelKind, PromotionDocument, utc_now
from stores.errors import StoreBusyError
from stores.registry.registration import find_model

ATTEMPTS = 50
"""How many other promotions may come in between before this one gives up."""


def promote(store: DaoStore, reference: str, *, reason: str = "") -> PromotionDocument:
    """Let a model serve from now on.

    The checkpoint is read back and checked first; then one document is inserted, which is the
    promotion. Whatever fails before that leaves the old model serving.

    Raises:
        InputError: no such model, or it has no checkpoint.
        StoreCorruptError: its checkpoint is damaged.
    """
    model = find_model(store, reference)
    if model.checkpoint is None:
        raise InputError(f"model {model.name} has no checkpoint in the store; register its file")
    store.blobs.get(model.checkpoint)
    return _append(store, model.kind, "promote", reason, lambda _: model)


def rollback(store: DaoStore, kind: ModelKind, *, reason: str = "") -> PromotionDocument:
    """Let the model serve again that served before the one in force.

    Repeated rollbacks go further back: each undoes the latest promotion that is still in force,
    also one that comes in while the rollback is made.

    Raises:
        InputError: there is nothing to go back to.
        StoreCorruptError: the checkpoint of the earlier model is damaged.
    """

    def earlier(steps: list[PromotionDocument]) -> ModelDocument:
        served = _in_force(steps)
        if len(served) < 2:
            raise InputError(f"no earlier {kind} to roll back to")
        model = find_model(store, served[-2])
        if model.checkpoint is not None:
            store.blobs.get(model.checkpoint)
        return model

    return _append(store, kind, "rollback", reason, earlier)


def serving(store: DaoStore, kind: ModelKind) -> ModelDocument | None:
    """The model in force, or None when none was ever promoted."""
    steps = history(store, kind)
    return find_model(store, steps[-1].model_id) if steps else None


def history(store: DaoStore, kind: ModelKind) -> list[PromotionDocument]:
    """All promotions and rollbacks, the oldest first."""
    return list(store.find(PromotionDocument, {"kind": kind}, sort={"number": 1}))


def _in_force(steps: list[PromotionDocument]) -> list[str]:
    """Models whose promotions no rollback has undone; the last one serves.

    A rollback goes back to the model that it names, also where an older dao let another one, made
    at the same time, come in between.
    """
    served: list[str] = []
    for step in steps:
        if step.action == "promote":
            served.append(step.model_id)
            continue
        served = served[:-1]
        while served and served[-1] != step.model_id:
            served.pop()
        served = served or [step.model_id]
    return served


def _append(
    store: DaoStore,
    kind: ModelKind,
    action: Literal["promote", "rollback"],
    reason: str,
    choose: Callable[[list[PromotionDocument]], ModelDocument],
) -> PromotionDocument:
    """Insert the next entry of the history.

    The model is chosen by the very history that the entry follows: the unique key lets only one
    writer take a number, and whoever was slower chooses anew.
    """
    for _ in range(ATTEMPTS):
        steps = history(store, kind)
        number = steps[-1].number + 1 if steps else 1
        promotion = PromotionDocument(
            promotion_id=f"{kind}-{number:06d}",
            kind=kind,
            number=number,
            model_id=choose(steps).id,
            action=action,
            reason=reason,
            promoted=utc_now(),
        )
        if store.insert_new(promotion):
            return promotion
    raise StoreBusyError(f"{ATTEMPTS} other promotions of {kind}s came in between; try again")
