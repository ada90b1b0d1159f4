"""What every interpretation by a potential has in common: crystals found, looked at, kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dao_core import progress
from dao_core.crystal.asked import Crystal
from dao_core.errors import DaoError, MissingError
from dao_core.interpretation.finding import PURPOSES, Finding
from dao_core.potentials import Potential, load_potential
from dao_core.potentials.choice import AUTO, best_for
from dao_core.search.conditions import level_at
from dao_core.writable import check_output_folder
from flows.interpretation.keeping import keep
from flows.validation.crystals import find_crystals
from stores import DaoStore, open_store
from stores.documents import InterpretationKind
from stores.errors import StoreError

Look = Callable[[Crystal, Potential, DaoStore], Finding]


def interpret_each(
    words: Sequence[str],
    kind: InterpretationKind,
    potential: str,
    out: Path,
    store: str | None,
    look: Look,
    pressure: float = 0.0,
) -> dict[str, Any]:
    """Look at crystals one after the other and keep what is found; a bad one costs itself.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        kind: What is looked at.
        potential: Name of the potential; ``auto`` is the best installed one for this kind.
        out: Folder of files.
        store: URI of the store; None is the embedded one.
        look: Interprets one crystal.
        pressure: GPa, at which it is looked at; part of the level.

    Returns:
        ``level``, ``store``, ``structures`` in the order given, and ``failures``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    check_output_folder(out)
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(_meant(potential, kind, found.crystals, pressure))
        level = level_at(loaded.level, pressure)
        records, lost = look_at(
            found.crystals, kind, level, opened, lambda crystal: look(crystal, loaded, opened)
        )
        uri = opened.uri
    failures = [*found.failures, *lost]
    return {"level": level, "store": uri, "structures": records, "failures": failures}


def _meant(
    potential: str, kind: InterpretationKind, crystals: Sequence[Crystal], pressure: float
) -> str:
    """The name of the potential that is asked for.

    Raises:
        MissingError: Nothing that is installed is fit for this kind.
    """
    if potential != AUTO:
        return potential
    elements = {e.symbol for crystal in crystals for e in crystal.structure.elements}
    best = best_for(PURPOSES[kind], elements, pressure)
    if best is None:
        raise MissingError(
            f"no installed potential is fit for {kind} at {pressure:g} GPa; see `dao doctor`, or "
            "name one with --potential"
        )
    return best


def look_at(
    crystals: Sequence[Crystal],
    kind: InterpretationKind,
    level: str,
    store: DaoStore,
    look: Callable[[Crystal], Finding],
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Look at crystals one after the other and keep what is found.

    Args:
        crystals: The crystals.
        kind: What is looked at.
        level: Of every figure.
        store: Where it is written.
        look: Interprets one crystal.

    Returns:
        What was found, and what was lost with its reason.

    Raises:
        StoreError: Nothing can be written: no later crystal would fare better.
    """
    records, failures = [], []
    progress.begin(kind, len(crystals))
    for crystal in crystals:
        progress.at(kind, [crystal.name])
        try:
            records.append(_kept(crystal, kind, level, store, look(crystal)))
        except StoreError:
            raise
        except DaoError as error:
            failures.append({"file": crystal.name, "reason": str(error)})
        progress.advance(kind)
    return records, failures


def _kept(
    crystal: Crystal, kind: InterpretationKind, level: str, store: DaoStore, finding: Finding
) -> dict[str, Any]:
    """Write what was found about a crystal into the store; what people and programs see of it."""
    flags = [flag for flag in finding.flags if flag]
    identity = keep(store, kind, crystal, level, finding.settings, finding.figures, flags)
    return {
        "interpretation_id": identity,
        "file": crystal.name,
        "formula": crystal.structure.composition.reduced_formula,
        **finding.figures,
        "flags": flags,
    }
