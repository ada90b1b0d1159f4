"""Labels whose ids followed from names get ids that follow from what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from dao_core.errors import InputError
from stores.builders.places import forget_places
from stores.dao_store import DaoStore
from stores.documents import LabelDocument
from stores.documents.label import content_label_id
from stores.oversize import restore_oversized

Stored = dict[str, Any]
BATCH = 500
OLD = {"schema_version": {"$lt": 2}}
REPLACED = (
    "its energy was of a label that another file of the same name has replaced; ingest its own "
    "file again"
)
COARSE = (
    "levels of {source} runs named neither potentials, U, spin, charge nor k-points; ingest the "
    "runs again, and leave this level"
)


def identify_labels(
    store: DaoStore,
    failed: dict[str, str],
    lost: dict[str, str],
    on_progress: Callable[[int], None],
) -> int:
    """Give labels of the first schema their content's id, and tell all that cite them.

    Killed at any point, it can be run again: a label keeps its former ids.

    Args:
        store: the store.
        failed: gets labels that could not be read, with the reason; they stay as they are.
        lost: gets what names have destroyed before: entries of hulls whose label is another
            crystal's now (they are taken off), and levels that mix what does not belong together.
        on_progress: called with the number of labels of each batch.

    Returns:
        How many labels have a new id.
    """
    old = iter([one["label_id"] for one in store.labels.query(OLD, ["label_id"])])
    count = 0
    while keys := list(islice(old, BATCH)):
        with store.transaction():
            found = list(store.labels.query({"label_id": {"$in": keys}}))
            count += _identify(store, found, failed)
        on_progress(len(keys))
    cite_new_ids(store, lost)
    for level, source in sorted(_coarse_levels(store)):
        lost[f"level {level}"] = COARSE.format(source=source)
    return count


def cite_new_ids(store: DaoStore, lost: dict[str, str]) -> None:
    """Put the present ids of labels wherever former ones are cited."""
    labels = list(store.labels.query(properties=["label_id", "structure_id", "former_ids"]))
    current = {old: one["label_id"] for one in labels for old in one.get("former_ids") or ()}
    if not current:
        return
    crystals = {one["label_id"]: one["structure_id"] for one in labels}
    _cite_in_validations(store, current)
    _cite_in_manifests(store, current)
    _cite_in_examples(store, current)
    _cite_in_thermo(store, current, crystals, lost)


def _identify(store: DaoStore, found: Iterable[Stored], failed: dict[str, str]) -> int:
    """Write labels under their new ids and remove the old ones; how many."""
    new: dict[str, Stored] = {}
    for stored in found:
        stored.pop("_id", None)
        stored.update(schema_version=2, withdrawn=None)
        former = stored["label_id"]
        try:
            identity = content_label_id(restore_oversized(dict(stored), store.blobs))
            LabelDocument.from_store(restore_oversized(dict(stored), store.blobs))
        except (KeyError, TypeError, AttributeError, InputError) as error:
            failed[f"labels/{former}"] = f"{type(error).__name__}: {error}"
            continue
        same = new.get(identity) or store.labels.query_one({"label_id": identity})
        stored["former_ids"] = [*((same or {}).get("former_ids") or ()), former]
        new[identity] = {**(same or stored), "former_ids": stored["former_ids"]}
        new[identity]["label_id"] = identity
    if new:
        # Written before the old ones go, for a backend that knows no transactions.
        store.labels.update(list(new.values()))
        former_ids = [old for one in new.values() for old in one["former_ids"]]
        store.labels.remove_docs({"label_id": {"$in": sorted(set(former_ids) - set(new))}})
    return len(new)


def _cite_in_validations(store: DaoStore, current: dict[str, str]) -> None:
    cited = store.validations.query({"label_id": {"$in": sorted(current)}})
    _write(store.validations, [{**one, "label_id": current[one["label_id"]]} for one in cited])


def _cite_in_manifests(store: DaoStore, current: dict[str, str]) -> None:
    for one in store.manifests.query():
        renamed = [_renamed(entry, current) for entry in one.get("entries") or ()]
        if any(renamed):
            _write(store.manifests, [one])


def _cite_in_examples(store: DaoStore, current: dict[str, str]) -> None:
    old_ids, changed = [], []
    for one in store.examples.query():
        former = one["example_id"]
        if _renamed(one, current):
            old_ids.append(former)
            changed.append(one)
    _write(store.examples, changed)
    if old_ids:
        store.examples.remove_docs({"example_id": {"$in": old_ids}})


def _cite_in_thermo(
    store: DaoStore, current: dict[str, str], crystals: dict[str, str], lost: dict[str, str]
) -> None:
    changed, off = [], {}
    for one in store.thermo.query():
        sources = [_cited(source, current) for source in one["sources"]]
        own = [source for source in sources if source["collection"] != "labels"
               or crystals.get(source["id"]) == one["structure_id"]]  # fmt: skip
        if not own:
            off[one["thermo_id"]] = one["hull_id"]
            lost[f"thermo/{one['thermo_id']}"] = REPLACED
        elif own != one["sources"]:
            changed.append({**one, "sources": own})
    _write(store.thermo, changed)
    forget_places(store, off)


def _cited(source: dict[str, str], current: dict[str, str]) -> dict[str, str]:
    if source["collection"] != "labels":
        return source
    return {**source, "id": current.get(source["id"], source["id"])}


def _renamed(entry: Stored, current: dict[str, str]) -> bool:
    """Whether an entry named a label by a former id; it names it by the present one then."""
    collection, _, identity = str(entry.get("example_id")).partition("/")
    if collection != "labels" or identity not in current:
        return False
    entry["example_id"] = f"labels/{current[identity]}"
    return True


def _coarse_levels(store: DaoStore) -> set[tuple[str, str]]:
    """Levels of runs that were taken in before their levels named everything, with the program."""
    runs = store.labels.query(
        {"source": {"$in": ["qe", "vasp"]}}, ["level", "source", "former_ids"]
    )
    return {
        (one["level"], one["source"])
        for one in runs
        if one.get("former_ids") and one["level"].startswith(f"{one['source']}-")
    }


def _write(collection: Any, documents: list[Stored]) -> None:
    for one in documents:
        one.pop("_id", None)
    if documents:
        collection.update(documents)
