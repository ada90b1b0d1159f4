"""``dao phonons``, of crystals of files or of the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.interpretation.finding import Finding
from dao_core.interpretation.phonons import PhononSettings, interpret_phonons
from dao_core.potentials import Potential
from flows.interpretation.each import interpret_each
from flows.report.polymorphs import polymorphs_at_temperature
from stores import DaoStore
from stores.search_memory import StoreMemory


def phonons_of_given(
    words: Sequence[str], potential: str, settings: PhononSettings, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax crystals within their symmetry and find their phonons.

    An unstable structure is displaced along its softest mode and relaxed without symmetry; what
    it becomes is a candidate of the store, and written to ``out``.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        settings: At which temperature and pressure.
        out: Folder of the structures that soft modes lead to.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` in the order given, ``polymorphs`` (the compositions
        with several, ranked without and with temperature), and ``failures``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """

    def look(crystal: Crystal, loaded: Potential, opened: DaoStore) -> Finding:
        return interpret_phonons(crystal, loaded, settings, StoreMemory(opened), out)

    answer = interpret_each(words, "phonons", potential, out, store, look, settings.pressure)
    return {**answer, "polymorphs": polymorphs_at_temperature(answer["structures"])}
