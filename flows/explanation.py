"""Where a thing in the store came from and what became of it, for people and programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from stores import open_store
from stores.explain import Explanation, explain

NOT_SHOWN = (
    "_id", "structure", "builder_meta", "elements", "summary", "entries", "forces", "result",
)  # fmt: skip
"""Fields that are long or say nothing of provenance."""


def explain_id(identity: str, store: str | None) -> tuple[dict[str, Any], Explanation]:
    """The provenance chain of anything in the store.

    Args:
        identity: Its id, or the beginning of it (8 characters or more).
        store: URI of the store; None is the default one.

    Returns:
        The machine-readable form and the chain. The form has ``store``, ``id``, the collection
        that it ``is`` in, the ``level`` of its energies, the ``chain`` of
        collections, ids and relations, and under the name of each collection the documents of the
        chain, without coordinates; campaigns with the rows of their ranking that are concerned.

    Raises:
        InputError: The store has nothing of that id, or several things.
    """
    with open_store(store) as opened:
        top = explain(opened, identity)
        uri = opened.uri
    found: dict[str, list[dict[str, Any]]] = {"candidates": [], "relaxations": [], "campaigns": []}
    for node in top.walk():
        found.setdefault(node.collection, []).append(_shown(node.document))
    candidates = {one["candidate_id"] for one in found["candidates"]}
    for campaign in found["campaigns"]:
        rows = campaign.get("ranking", [])
        campaign["ranking"] = [row for row in rows if row["candidate_id"] in candidates]
    levels = (one["level"] for name in ("relaxations", "campaigns") for one in found[name])
    level = top.document.get("level") or next(levels, None)
    head = {"level": level, "store": uri, "id": top.id, "is": top.collection}
    return {**head, "chain": _chain(top), **found}, top


def _chain(node: Explanation) -> dict[str, Any]:
    """Ids and relations alone."""
    return {
        "collection": node.collection,
        "id": node.id,
        "relation": node.relation,
        "leads_to": [_chain(one) for one in node.leads_to],
        "left_out": node.left_out,
    }


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """A document without long fields, as plain JSON values; NaN becomes null."""
    kept = {name: value for name, value in document.items() if name not in NOT_SHOWN}
    text = json.dumps(kept, default=datetime.isoformat)
    return json.loads(text, parse_constant=lambda _: None)
