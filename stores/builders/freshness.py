"""Bringing what builders make up to date, in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Iterable

from stores.builders.base import BuildReport, Progress, StoreBuilder
from stores.builders.dedup import DedupBuilder
from stores.builders.examples import ExampleBuilder
from stores.builders.hull import HullBuilder
from stores.builders.statistics import StatisticsBuilder
from stores.dao_store import DaoStore

ORDER: tuple[type[StoreBuilder], ...] = (
    HullBuilder, DedupBuilder, ExampleBuilder, StatisticsBuilder,
)  # fmt: skip
BUILDERS: dict[str, type[StoreBuilder]] = {builder.name: builder for builder in ORDER}
NEEDED: dict[str, tuple[str, ...]] = {
    "thermo": ("hull",),
    "hulls": ("hull",),
    "duplicates": ("dedup",),
    "examples": ("hull", "examples"),
    "statistics": ("hull", "dedup", "statistics"),
}
"""Collection -> the builders that make it, with those that they build on."""


def build(
    store: DaoStore,
    names: Iterable[str],
    *,
    anew: bool = False,
    on_progress: Progress = lambda _: None,
) -> list[BuildReport]:
    """Run builders by name; whatever the order of the names, each after those it builds on.

    Args:
        store: the store.
        names: of :data:`BUILDERS`.
        anew: take in everything again, not only what is new.
        on_progress: called after each batch with its size.
    """
    wanted, reports = set(names), []
    for kind in ORDER:
        if kind.name in wanted:
            builder = kind(store)
            if anew:
                builder.forget()
            reports.append(builder.build(on_progress))
    return reports


def refresh(store: DaoStore, collection: str) -> list[BuildReport]:
    """Take everything new into a collection that builders make; others are up to date anyway."""
    return build(store, NEEDED.get(collection, ()))
