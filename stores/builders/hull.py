"""Energies above hull, per chemical system and level."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, groupby
from typing import Any

from dao_core.level_names import restricted, settings_of
from stores.builders.base import StoreBuilder
from stores.builders.convex_hull import place_on_hull
from stores.builders.lowest_energy import lowest_energies, structures_of
from stores.builders.places import forget_places
from stores.dao_store import WriteReport
from stores.documents import Document, HullDocument, ThermoDocument, hull_id

HULLS = 50
"""How many hulls are read, placed and written together."""


class HullBuilder(StoreBuilder):
    """Hulls at one level each, competing phases of all subsystems included.

    Energies come from converged relaxations at zero pressure and from labels that carry an
    energy. New entries above the hull of their system are placed alone; only when the stable
    phases of a system change are its other entries, and those of larger systems, placed anew.
    What is still to be done stands in the hull documents, so a build that dies is resumed.
    """

    name = "hull"
    source_names = ("relaxations", "labels")
    target_names = ("thermo", "hulls")

    def items_of(self, collection: str, keys: list[str]) -> Iterable[list[ThermoDocument]]:
        """The new lowest energies, hull by hull."""
        lowest = lowest_energies(self.store, collection, keys)
        self._forget_others(structures_of(self.store.collections[collection], keys), set(lowest))
        for old in self.store.find(ThermoDocument, {"thermo_id": {"$in": list(lowest)}}):
            new = lowest[old.id]
            if old.is_placed and old.energy_per_atom == new.energy_per_atom:
                lowest[old.id] = old.model_copy(update={"sources": new.sources})
        ordered = sorted(lowest.values(), key=lambda entry: entry.hull_id)
        return [list(group) for _, group in groupby(ordered, key=lambda entry: entry.hull_id)]

    def _forget_others(self, structure_ids: list[str], known: set[str]) -> None:
        """Remove the places of structures whose energies no longer count."""
        found = self.store.thermo.query(
            {"structure_id": {"$in": structure_ids}}, ["thermo_id", "hull_id"]
        )
        lost = {one["thermo_id"]: one["hull_id"] for one in found if one["thermo_id"] not in known}
        forget_places(self.store, lost)

    def process_item(self, item: list[ThermoDocument]) -> list[Document]:
        """The entries of one hull, and the hull marked for work."""
        first = item[0]
        old = self.store.get(HullDocument, first.hull_id)
        hull = old or HullDocument(hull_id=first.hull_id, chemsys=first.chemsys, level=first.level)
        new = [entry for entry in item if not entry.is_placed]
        # The energy of a stable phase changed: entries above it may come down to the hull.
        if any(entry.id in hull.stable for entry in new):
            hull.pending = "all"
        elif new and not hull.pending:
            hull.pending = "new"
        return [*item, hull]

    def complete(self) -> WriteReport:
        """Rebuild the hulls that anything new touches, small systems first."""
        written = WriteReport()
        while pending := self._pending():
            for start in range(0, len(pending), HULLS):
                written += self._rebuild(pending[start : start + HULLS])
        return written

    def _pending(self) -> list[HullDocument]:
        """Hulls with work to do that have the fewest elements."""
        found = list(self.store.find(HullDocument, {"pending": {"$in": ["new", "all"]}}))
        fewest = min((hull.chemsys.count("-") for hull in found), default=0)
        return [hull for hull in found if hull.chemsys.count("-") == fewest]

    def _rebuild(self, hulls: list[HullDocument]) -> WriteReport:
        """Place entries on hulls of one size; mark larger systems where stable phases changed."""
        placed: list[ThermoDocument] = []
        changed: list[HullDocument] = []
        for hull in hulls:
            old_phases = (hull.stable, hull.missing_references)
            placed += self._place(hull)
            if (hull.stable, hull.missing_references) != old_phases:
                changed.append(hull)
        with self.store.transaction():
            written = self.store.put([*placed, *self._larger(changed)])
            # Last, so that a build that dies before it does this work again.
            return written + self.store.put(hulls)

    def _place(self, hull: HullDocument) -> list[ThermoDocument]:
        """The entries of one hull that have a new place; the hull itself is changed."""
        criteria = {"hull_id": hull.id}
        old_phases = (hull.stable, hull.missing_references)
        new = list(self.store.find(ThermoDocument, {**criteria, "is_placed": False}))
        place_on_hull(new, self._competing(hull), hull)
        if (hull.stable, hull.missing_references) != old_phases or hull.pending == "all":
            everything = list(self.store.find(ThermoDocument, criteria))
            if len(everything) > len(new):
                new = everything
                place_on_hull(new, self._competing(hull, own=False), hull)
        hull.pending = ""
        return new

    def _competing(self, hull: HullDocument, *, own: bool = True) -> list[ThermoDocument]:
        """Stable phases of the subsystems and, if asked, of the system itself."""
        elements = hull.chemsys.split("-")
        systems = [
            hull_id("-".join(subset), restricted(hull.level, subset))
            for size in range(1, len(elements) + own)
            for subset in combinations(elements, size)
        ]
        wanted = {"hull_id": {"$in": systems}, "is_stable": True, "is_placed": True}
        return list(self.store.find(ThermoDocument, wanted))

    def _larger(self, hulls: list[HullDocument]) -> list[HullDocument]:
        """The hulls of larger systems at the same levels, marked to be placed anew."""
        larger: set[str] = set()
        for level in {hull.level for hull in hulls}:
            changed = [set(one.chemsys.split("-")) for one in hulls if one.level == level]
            for found in self.store.hulls.query(_sharing(level), ["hull_id", "chemsys", "level"]):
                elements = set(found["chemsys"].split("-"))
                if any(one < elements and restricted(found["level"], one) == level
                       for one in changed):  # fmt: skip
                    larger.add(found["hull_id"])
        marked = list(self.store.find(HullDocument, {"hull_id": {"$in": sorted(larger)}}))
        for one in marked:
            one.pending = "all"
        return marked


def _sharing(level: str) -> dict[str, Any]:
    """Criteria of the levels that may have this one for some of their elements."""
    settings = settings_of(level)
    if settings is None:
        return {"level": level}
    return {"level": {"$gte": f"{settings}[", "$lt": f"{settings}\\"}}
