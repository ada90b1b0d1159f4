"""``dao surface`` and ``dao layer``, of crystals of files or of the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.interpretation.finding import Finding
from dao_core.interpretation.surfaces import SurfaceSettings, interpret_layer, interpret_surface
from dao_core.potentials import Potential
from flows.interpretation.each import interpret_each
from stores import DaoStore


def surfaces_of_given(
    words: Sequence[str], potential: str, settings: SurfaceSettings, out: Path, store: str | None
) -> dict[str, Any]:
    """Cut a surface of each crystal and find the energies of its terminations.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        settings: Which surface.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be read, or something is missing.
    """

    def look(crystal: Crystal, loaded: Potential, _: DaoStore) -> Finding:
        return interpret_surface(crystal, loaded, settings, out)

    return interpret_each(words, "surface", potential, out, store, look)


def layers_of_given(
    words: Sequence[str], potential: str, vacuum: float | None, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax layers while their vacuum stays.

    Args:
        words: As for :func:`surfaces_of_given`.
        potential: Name of the potential.
        vacuum: angstrom; None leaves it as it is.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be read, or something is missing.
    """

    def look(crystal: Crystal, loaded: Potential, _: DaoStore) -> Finding:
        return interpret_layer(crystal, loaded, vacuum, out)

    return interpret_each(words, "layer", potential, out, store, look)
