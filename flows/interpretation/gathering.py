"""What the store knows about the structures of a ranking beyond their energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao_core.interpretation.sentences import FINDINGS
from flows.report.summary import Interpretation, RankedStructure
from stores import DaoStore
from stores.documents import InterpretationDocument


def interpretations_of(
    ranking: Sequence[RankedStructure], store: DaoStore
) -> tuple[Interpretation, ...]:
    """Interpretations of ranked structures, by rank and kind.

    Args:
        ranking: The structures.
        store: Where interpretations are kept.
    """
    by_candidate = {row.candidate_id: row.rank for row in ranking}
    by_structure = {row.structure_id: row.rank for row in ranking}
    wanted = {
        "$or": [
            {"candidate_id": {"$in": list(by_candidate)}},
            {"structure_id": {"$in": list(by_structure)}},
        ]
    }
    names = {row.candidate_id: f"rank {row.rank}, no. {row.space_group_number}" for row in ranking}
    found = []
    for document in store.find(InterpretationDocument, wanted):
        compared = document.kind == "pressure"
        result = _named(document.result, names) if compared else document.result
        rank = by_candidate.get(document.candidate_id or "") or by_structure[document.structure_id]
        found.append(
            Interpretation(
                interpretation_id=document.interpretation_id,
                kind=document.kind,
                rank=rank,
                level=document.level,
                finding=FINDINGS[document.kind](result),
                flags=tuple(document.flags),
                result=result,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.rank, one.kind, one.interpretation_id)))


def _named(result: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Polymorphs by their rank and number of the space group, in place of the candidates' ids."""

    def renamed(one: Mapping[str, Any], *keys: str) -> dict[str, Any]:
        return {**one, **{key: names.get(one[key], one[key]) for key in keys}}

    return {
        **result,
        "polymorphs": [renamed(one, "file") for one in result["polymorphs"]],
        "transitions": [renamed(one, "below", "above") for one in result["transitions"]],
        "stable": [names.get(name, name) for name in result["stable"]],
    }
