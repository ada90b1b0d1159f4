"""Taking entries off the hulls that they stood on."""

from __future__ import annotations

from collections.abc import Mapping

from stores.dao_store import DaoStore
from stores.documents import HullDocument


def forget_places(store: DaoStore, lost: Mapping[str, str]) -> None:
    """Remove thermo documents; their hulls are placed anew by the next build.

    Args:
        store: the store.
        lost: thermo id -> hull id.
    """
    if not lost:
        return
    hulls = list(store.find(HullDocument, {"hull_id": {"$in": sorted(set(lost.values()))}}))
    for hull in hulls:
        hull.pending = "all"
    # Marked first, so that a build that dies between the two places them anew all the same.
    store.put(hulls)
    store.thermo.remove_docs({"thermo_id": {"$in": sorted(lost)}})
