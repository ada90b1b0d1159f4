"""``dao defects``: the point defects of crystals of files or of the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.interpretation.defects import DefectSettings, interpret_defects
from dao_core.interpretation.finding import Finding
from dao_core.potentials import Potential
from flows.interpretation.each import interpret_each
from stores import DaoStore


def defects_of_given(
    words: Sequence[str], potential: str, settings: DefectSettings, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax the point defects of crystals and find their formation energies.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        settings: Of which defects.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be read, or something is missing.
    """
    energies = dict(settings.chemical_potentials)

    def look(crystal: Crystal, loaded: Potential, _: DaoStore) -> Finding:
        return interpret_defects(crystal, loaded, settings, energies, out)

    return interpret_each(words, "defects", potential, out, store, look)
