"""Sorting labels and relaxations into the classes of a training set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stores.builders.base import StoreBuilder
from stores.dao_store import DaoStore
from stores.documents import Document, ExampleDocument
from stores.documents.manifest import TrainingClass

FIELDS = ["structure_id", "formula", "level", "energy_above_hull", "converged", "pressure"]


@dataclass(frozen=True)
class ClassBounds:
    """Energies above hull, eV/atom, that divide the classes (after the DAO training data).

    Attributes:
        stable: up to here a label is ``stable``.
        unstable: up to here it is ``unstable``, beyond it is left out.
    """

    stable: float = 0.08
    unstable: float = 0.5


DEFAULT_BOUNDS = ClassBounds()


class ExampleBuilder(StoreBuilder):
    """One light document per label and relaxation: its class, and the energy that decided it.

    Run it after the hull builder. Relaxed structures that ended within the bounds are
    ``relaxed``; labels are ``stable`` or ``unstable``.
    """

    name = "examples"
    source_names = ("labels", "relaxations", "thermo")
    target_names = ("examples",)

    def __init__(self, store: DaoStore, bounds: ClassBounds = DEFAULT_BOUNDS) -> None:
        super().__init__(store)
        self.bounds = bounds

    def items_of(self, collection: str, keys: list[str]) -> Iterable[tuple[str, dict[str, Any]]]:
        """Labels and relaxations that are new, or whose place on the hull is."""
        if collection == "thermo":
            thermo = self.store.thermo.query({"thermo_id": {"$in": keys}}, ["sources"])
            sources = [source for one in thermo for source in one["sources"]]
        else:
            sources = [{"collection": collection, "id": key} for key in keys]
        for name in ("labels", "relaxations"):
            source = self.store.collections[name]
            ids = sorted({one["id"] for one in sources if one["collection"] == name})
            found = list(source.query({source.key: {"$in": ids}}, [source.key, *FIELDS]))
            above = self._energies_above_hull(found)
            for one in found:
                own = above.get(f"{one.get('structure_id')}@{one['level']}")
                if own is not None:
                    one["energy_above_hull"] = own
                yield f"{name}/{one[source.key]}", one

    def process_item(self, item: tuple[str, dict[str, Any]]) -> list[Document]:
        """The example, unless there is no structure at all."""
        example_id, found = item
        if not found.get("structure_id"):
            return []
        training_class, left_out = self._classify(example_id, found)
        return [
            ExampleDocument(
                example_id=example_id,
                structure_id=found["structure_id"],
                formula=found["formula"],
                level=found["level"],
                training_class=training_class,
                energy_above_hull=found.get("energy_above_hull"),
                left_out=left_out,
            )
        ]

    def _classify(
        self, example_id: str, found: dict[str, Any]
    ) -> tuple[TrainingClass | None, str | None]:
        """Class, or the reason why there is none."""
        above = found.get("energy_above_hull")
        is_relaxation = example_id.startswith("relaxations/")
        if is_relaxation and not found["converged"]:
            return None, "not_converged"
        if is_relaxation and found["pressure"] != 0.0:
            return None, "under_pressure"
        if above is None:
            return None, "no_energy_above_hull"
        if above > self.bounds.unstable:
            return None, "too_unstable"
        if is_relaxation:
            return "relaxed", None
        return ("stable" if above <= self.bounds.stable else "unstable"), None

    def _energies_above_hull(self, found: list[dict[str, Any]]) -> dict[str, float]:
        ids = [f"{one.get('structure_id')}@{one['level']}" for one in found]
        thermo = self.store.thermo.query(
            {"thermo_id": {"$in": ids}}, ["thermo_id", "energy_above_hull"]
        )
        return {
            one["thermo_id"]: one["energy_above_hull"]
            for one in thermo
            if one.get("energy_above_hull") is not None
        }
