"""Which model serves: an append-only history whose last entry is in force."""

from __future__ import annotations

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
    return _append(store, model, "promote", reason)


def rollback(store: DaoStore, kind: ModelKind, *, reason: str = "") -> PromotionDocument:
    """Let the model serve again that served before the one in force.

    Repeated rollbacks go further back: each undoes the latest promotion that is still in force.

    Raises:
        InputError: there is nothing to go back to.
    """
    stack = _in_force(history(store, kind))
    if len(stack) < 2:
        raise InputError(f"no earlier {kind} to roll back to")
    model = find_model(store, stack[-2].model_id)
    if model.checkpoint is not None:
        store.blobs.get(model.checkpoint)
    return _append(store, model, "rollback", reason)


def serving(store: DaoStore, kind: ModelKind) -> ModelDocument | None:
    """The model in force, or None when none was ever promoted."""
    steps = history(store, kind)
    return find_model(store, steps[-1].model_id) if steps else None


def history(store: DaoStore, kind: ModelKind) -> list[PromotionDocument]:
    """All promotions and rollbacks, the oldest first."""
    return list(store.find(PromotionDocument, {"kind": kind}, sort={"number": 1}))


def _in_force(steps: list[PromotionDocument]) -> list[PromotionDocument]:
    """The promotions that no rollback has undone."""
    stack: list[PromotionDocument] = []
    for step in steps:
        if step.action == "rollback":
            stack.pop()
        else:
            stack.append(step)
    return stack


def _append(store: DaoStore, model: ModelDocument, action: str, reason: str) -> PromotionDocument:
    """Insert the next entry of the history; the unique key lets only one writer take a number."""
    for _ in range(ATTEMPTS):
        steps = history(store, model.kind)
        number = steps[-1].number + 1 if steps else 1
        promotion = PromotionDocument.model_validate(
            {
                "promotion_id": f"{model.kind}-{number:06d}",
                "kind": model.kind,
                "number": number,
                "model_id": model.id,
                "action": action,
                "reason": reason,
                "promoted": utc_now(),
            }
        )
        if store.insert_new(promotion):
            return promotion
    raise StoreBusyError(f"{ATTEMPTS} other promotions of {model.kind}s came in between; try again")
