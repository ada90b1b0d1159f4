"""``dao pressure``: polymorphs compressed against each other, kept and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.interpretation.pressure import CompressedPolymorphs, against, compress_polymorphs
from dao_core.potentials import Potential, load_potential
from dao_core.writable import check_output_folder
from flows.interpretation.keeping import keep
from flows.report.enthalpy_plot import enthalpy_figure
from flows.validation.crystals import find_crystals
from stores import DaoStore, open_store


def compress_given(
    words: Sequence[str], potential: str, pressures: Sequence[float], out: Path, store: str | None
) -> dict[str, Any]:
    """Compress crystals, those of one composition against each other.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        pressures: GPa.
        out: Folder of the figures.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``compositions`` (``formula``, ``polymorphs``, ``stable``,
        ``transitions``, ``figure``), ``failures`` and ``warnings``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    check_output_folder(out)
    compositions, warnings = [], set()
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(potential)
        failures = list(found.failures)
        by_formula: dict[str, list[Crystal]] = {}
        for crystal in found.crystals:
            formula = crystal.structure.composition.reduced_formula
            by_formula.setdefault(formula, []).append(crystal)
        for formula, polymorphs in by_formula.items():
            made = compress_and_keep(polymorphs, loaded, pressures, opened, out)
            compositions.append(made.record)
            failures += made.failures
            warnings |= {f"{formula}: {flag}" for flag in made.flags}
        uri = opened.uri
    return {
        "level": loaded.level,
        "store": uri,
        "compositions": compositions,
        "failures": failures,
        "warnings": sorted(warnings),
    }


def compress_and_keep(
    polymorphs: Sequence[Crystal],
    potential: Potential,
    pressures: Sequence[float],
    store: DaoStore,
    out: Path,
) -> CompressedPolymorphs:
    """Compress the polymorphs of one composition, draw them, and keep it with each.

    Args:
        polymorphs: Crystals of one composition.
        potential: The level.
        pressures: GPa.
        store: Where it is written.
        out: Folder of the figure.

    Raises:
        DaoError: Nothing can be compressed or written.
    """
    made = compress_polymorphs(polymorphs, potential, pressures)
    if any(polymorph["points"] for polymorph in made.record["polymorphs"]):
        out.mkdir(parents=True, exist_ok=True)
        figure = out / f"enthalpy_{made.record['formula']}.html"
        enthalpy_figure(made.record, potential.level).write_html(figure)
        made = replace(made, record={**made.record, "figure": str(figure)})
    settings = against(polymorphs, pressures)
    for crystal in polymorphs:
        keep(store, "pressure", crystal, potential.level, settings, made.record, made.flags)
    return made
