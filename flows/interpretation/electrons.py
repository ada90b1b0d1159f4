"""``dao electrons``: what the electrons of crystals do, by Quantum ESPRESSO or VASP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.drafts import draft_of
from dao_core.hashing import content_id
from dao_core.writable import check_output_folder
from dft_inputs.electrons.facts import electron_facts
from dft_inputs.running.validation import Validation, validate
from flows.report.electrons_plot import electrons_page
from flows.validation.command import refuse_if_all_missing
from flows.validation.crystals import find_crystals
from flows.validation.memory import StoreMemory, validation_id
from flows.validation.settings import DftSettings, require_dft
from stores import DaoStore, open_store
from stores.documents import InterpretationDocument, StructureDocument

STAGE = "electrons"


def electrons_of_given(
    words: Sequence[str], settings: DftSettings, out: Path, store: str | None
) -> dict[str, Any]:
    """Interpret the electrons of crystals, as they stand.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        settings: How they are computed.
        out: Folder of the figures.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level`` (None where crystals have several), ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be interpreted.
        DaoError: The DFT program or its potentials are missing.
    """
    check_output_folder(out)
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        require_dft(settings)
        names = sorted(crystal.name for crystal in found.crystals)
        account = content_id(
            "a", {"electrons": names, "code": settings.code, "protocol": settings.protocol}
        )
        records, lost = interpret_electrons(found.crystals, settings, account, opened, out)
        uri = opened.uri
    levels = {record["level"] for record in records}
    return {
        "level": levels.pop() if len(levels) == 1 else None,
        "store": uri,
        "structures": records,
        "failures": [*found.failures, *lost],
    }


def interpret_electrons(
    crystals: Sequence[Crystal], settings: DftSettings, account: str, store: DaoStore, out: Path
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Interpret the electrons of crystals, as they stand; what the store knows is not computed.

    Args:
        crystals: The crystals.
        settings: How they are computed.
        account: Name under which the core-hours are booked: the same again draws on one budget.
        store: Where they are kept.
        out: Folder of the figures.

    Returns:
        What was found, and what was lost with its reason.

    Raises:
        DaoError: The DFT program or its potentials are missing.
    """
    validations = _computed(crystals, settings, account, store)
    refuse_if_all_missing(validations)
    named = {crystal.name: crystal for crystal in crystals}
    records = [_record(v, named[v.name], store, out) for v in validations if v.result]
    lost = [v for v in validations if v.result is None]
    return records, [{"file": v.name, "reason": f"{v.reason}: {v.message}"} for v in lost]


def _computed(
    crystals: Sequence[Crystal], settings: DftSettings, account: str, store: DaoStore
) -> list[Validation]:
    """Run what the store does not know."""
    memory = StoreMemory(store, {crystal.name: crystal.candidate_id for crystal in crystals})
    return validate(
        {crystal.name: crystal.structure for crystal in crystals},
        replace(settings.method(), workflow="electrons"),
        settings.limits(account),
        memory=memory,
        on_end=memory.keeping(STAGE),
    ).validations


def _record(validation: Validation, crystal: Crystal, store: DaoStore, out: Path) -> dict[str, Any]:
    """Keep one interpretation, draw it, and say what it says."""
    result = validation.result
    if result is None or result.electrons is None or validation.key is None:
        raise ValueError(f"{validation.name} has no electronic interpretation")
    document = InterpretationDocument.of(
        crystal.structure,
        kind="electrons",
        level=result.level,
        settings={"calculation": validation.key},
        candidate_id=crystal.candidate_id,
        name=crystal.name,
        result={**result.electrons, "structure": result.structure.as_dict()},
        flags=result.electrons["notes"],
        validation_id=validation_id(validation.key),
    )
    store.put([StructureDocument.from_structure(crystal.structure), document])
    out.mkdir(parents=True, exist_ok=True)
    page = out / f"electrons_{result.formula}_{validation.key}.html"
    with draft_of(page) as draft:
        draft.write_text(electrons_page(document.result, result.level), encoding="utf-8")
    return {
        "file": crystal.name,
        "interpretation_id": document.interpretation_id,
        "validation_id": document.validation_id,
        "formula": result.formula,
        "level": result.level,
        **electron_facts(document.result),
        "flags": document.flags,
        "figures": str(page),
        "folder": result.electrons["dir_name"],
        "core_hours": validation.core_hours,
    }
