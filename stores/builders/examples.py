"""Sorting labels and relaxations into the classes of a training set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stores.builders.base import StoreBuilder
from stores.builders.lowest_energy import COUNTING
from stores.documents import Document, ExampleDocument, LabelDocument
from stores.documents.manifest import TrainingClass

FIELDS = ["structure_id", "formula", "level", "nsites", "energy_per_atom", "energy_above_hull",
          "converged", "pressure"]  # fmt: skip


@dataclass(frozen=True)
class ClassBounds:
    """Energies above hull, eV/atom, that divide the classes (after the DAO training data).

    Attributes:
        stable: up to here a label is ``stable``.
        unstable: up to here it is ``unstable``, beyond it ``far``; a relaxation is left out there.
    """

    stable: float = 0.08
    unstable: float = 0.5


DEFAULT_BOUNDS = ClassBounds()
TOO_UNSTABLE = "too_unstable"
"""Reason of what only the bounds keep out."""


class ExampleBuilder(StoreBuilder):
    """One light document per label and relaxation: its class, and the energy that decided it.

    Run it after the hull builder. Relaxed structures that ended within the bounds are
    ``relaxed``; labels are ``stable``, ``unstable`` or ``far``.
    """

    name = "examples"
    source_names = ("labels", "relaxations", "thermo")
    target_names = ("examples",)

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
            fields = [source.key, *FIELDS, *(COUNTING if name == "labels" else ())]
            found = list(source.query({source.key: {"$in": ids}}, fields))
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
        above = found.get("energy_above_hull")
        left_out = _flaw(example_id, found)
        training_class = None
        if left_out is None:
            training_class, left_out = classify(example_id, above, DEFAULT_BOUNDS)
        return [
            ExampleDocument(
                example_id=example_id,
                structure_id=found["structure_id"],
                formula=found["formula"],
                level=found["level"],
                training_class=training_class,
                energy_above_hull=above,
                left_out=left_out,
            )
        ]

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


def classify(
    example_id: str, above: float | None, bounds: ClassBounds
) -> tuple[TrainingClass | None, str | None]:
    """Class of an example without flaw, or the reason why it has none.

    Args:
        example_id: ``labels/<id>`` or ``relaxations/<id>``.
        above: Energy above hull, eV/atom; None where there is no hull.
        bounds: What divides the classes.
    """
    if above is None:
        return None, "no_energy_above_hull"
    if _is_relaxation(example_id):
        return ("relaxed", None) if above <= bounds.unstable else (None, TOO_UNSTABLE)
    if above <= bounds.stable:
        return "stable", None
    return ("unstable" if above <= bounds.unstable else "far"), None


def _flaw(example_id: str, found: dict[str, Any]) -> str | None:
    """What is wrong with a label or relaxation, whatever the bounds."""
    if not _is_relaxation(example_id):
        reason = LabelDocument.fault(found)
        return "withdrawn" if found.get("withdrawn") else reason and reason.partition(":")[0]
    if not found["converged"]:
        return "not_converged"
    return "under_pressure" if found["pressure"] != 0.0 else None


def _is_relaxation(example_id: str) -> bool:
    return example_id.startswith("relaxations/")
