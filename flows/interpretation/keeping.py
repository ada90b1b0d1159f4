"""Interpretations written to the store, with the crystal that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao_core.crystal.asked import Crystal
from stores import DaoStore
from stores.documents import InterpretationDocument, InterpretationKind, StructureDocument


def keep(
    store: DaoStore,
    kind: InterpretationKind,
    crystal: Crystal,
    level: str,
    settings: Mapping[str, Any],
    result: Mapping[str, Any],
    flags: Sequence[str | None] = (),
) -> str:
    """Write one interpretation of one crystal; what is there already is left alone.

    Args:
        store: Where it is written.
        kind: What was looked at.
        crystal: The crystal that was asked about.
        level: Of every figure.
        settings: What decides the figures beside crystal and level.
        result: The figures, JSON values.
        flags: What a reader must know first; None is left out.

    Returns:
        Its id.
    """
    document = InterpretationDocument.of(
        crystal.structure,
        kind=kind,
        level=level,
        settings=dict(settings),
        candidate_id=crystal.candidate_id,
        name=crystal.name,
        result=dict(result),
        flags=[flag for flag in flags if flag],
    )
    store.put([StructureDocument.from_structure(crystal.structure), document])
    return document.interpretation_id
