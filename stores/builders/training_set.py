"""Training sets: the examples of one level, audited against the test sets, by hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.identity import structure_id
from dao_core.errors import InputError
from dao_core.hashing import content_id
from stores.builders.base import Progress
from stores.builders.dedup import DedupBuilder
from stores.builders.examples import (
    DEFAULT_BOUNDS,
    TOO_UNSTABLE,
    ClassBounds,
    ExampleBuilder,
    classify,
)
from stores.builders.hull import HullBuilder
from stores.dao_store import DaoStore
from stores.documents import ManifestDocument, ManifestEntry, TestSetDocument
from stores.documents.manifest import TrainingClass

CLASSES: tuple[TrainingClass, ...] = ("stable", "relaxed", "unstable", "far")


def register_test_set(
    store: DaoStore, name: str, structures: Iterable[Structure]
) -> TestSetDocument:
    """Register structures that no training set may contain, by formula and by structure.

    Raises:
        InputError: the name is taken by another set; a structure is unusable.
    """
    pairs = [(one.composition.reduced_formula, structure_id(one)) for one in structures]
    formulas, identities = (sorted(set(column)) for column in zip(*pairs, strict=True))
    test_set = TestSetDocument(
        test_set_id=name,
        formulas=formulas,
        structure_ids=identities,
        set_hash=content_id("set", [formulas, identities]),
    )
    known = store.get(TestSetDocument, name)
    if known is not None and known.set_hash != test_set.set_hash:
        raise InputError(f"test set {name!r} is registered with other structures; take a new name")
    store.put(test_set)
    return test_set


def build_training_set(
    store: DaoStore,
    level: str,
    *,
    classes: Iterable[TrainingClass] = CLASSES,
    bounds: ClassBounds = DEFAULT_BOUNDS,
    on_progress: Progress = lambda _: None,
) -> ManifestDocument:
    """Bring hulls, groups and examples up to date and write the manifest of one level.

    An example is kept out when a registered test set holds its reduced formula, its structure, or
    a near-duplicate of its structure. Of several examples of one structure and class the one with
    the smallest id enters. The same members and settings give the same ``manifest_id``.

    Raises:
        InputError: nothing is left to train on at this level.
    """
    for builder in (HullBuilder(store), DedupBuilder(store), ExampleBuilder(store)):
        builder.build(on_progress)
    audit = LeakageAudit(store)
    wanted, excluded = set(classes), Counter[str]()
    members: dict[tuple[str, str], ManifestEntry] = {}
    for example in store.examples.query({"level": level}, sort={"example_id": 1}):
        kind, reason = _class_of(example, bounds)
        reason = reason or audit.reason(example["formula"], example["structure_id"])
        if reason is None and kind not in wanted:
            reason = f"class_{kind}_not_asked"
        if reason is None and (example["structure_id"], kind) in members:
            reason = "repeated_structure"
        if kind is None or reason is not None:
            excluded[str(reason)] += 1
            continue
        members[example["structure_id"], kind] = ManifestEntry(
            example_id=example["example_id"],
            structure_id=example["structure_id"],
            training_class=kind,
        )
    if not members:
        raise InputError(f"no example at level {level!r} may be trained on: {dict(excluded)}")
    return _write(store, level, list(members.values()), excluded, audit, asdict(bounds))


def _class_of(
    example: dict[str, Any], bounds: ClassBounds
) -> tuple[TrainingClass | None, str | None]:
    """Class of an example within bounds of one's own, or why it has none."""
    flaw = example["left_out"]
    if flaw is not None and flaw != TOO_UNSTABLE:
        return None, flaw
    return classify(example["example_id"], example["energy_above_hull"], bounds)


class LeakageAudit:
    """Whether a structure belongs to a registered test set, by formula or by structure."""

    def __init__(self, store: DaoStore) -> None:
        self.test_sets = list(store.find(TestSetDocument, sort={"test_set_id": 1}))
        self._groups = dict(_groups(store))
        self._test_groups = {
            one.id: {self._groups.get(identity, identity) for identity in one.structure_ids}
            for one in self.test_sets
        }

    def reason(self, formula: str, identity: str) -> str | None:
        """``test_structure:<set>`` or ``test_formula:<set>``, or None when it may be used."""
        group = self._groups.get(identity, identity)
        for one in self.test_sets:
            if identity in one.structure_ids or group in self._test_groups[one.id]:
                return f"test_structure:{one.id}"
            if formula in one.formulas:
                return f"test_formula:{one.id}"
        return None


def _groups(store: DaoStore) -> Iterator[tuple[str, str]]:
    """structure_id and leader of every structure that is not its own leader."""
    for one in store.duplicates.query(properties=["structure_id", "group_id"]):
        if one["structure_id"] != one["group_id"]:
            yield one["structure_id"], one["group_id"]


def _write(
    store: DaoStore,
    level: str,
    entries: list[ManifestEntry],
    excluded: Counter[str],
    audit: LeakageAudit,
    bounds: dict[str, Any],
) -> ManifestDocument:
    rows = [[one.example_id, one.structure_id, one.training_class] for one in entries]
    test_sets = {one.id: one.set_hash for one in audit.test_sets}
    manifest = ManifestDocument(
        manifest_id=content_id("m", [level, bounds, test_sets, rows]),
        level=level,
        settings={"bounds": bounds},
        counts=dict(Counter(one.training_class for one in entries)),
        excluded=dict(sorted(excluded.items())),
        test_sets=test_sets,
        entries=entries,
    )
    store.put(manifest)
    return manifest
