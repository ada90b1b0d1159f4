"""Polymorphs ranked at rest and at temperature, from the phonons that are known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dao_core.search.polymorphs import PolymorphEnergies, rank_polymorphs
from flows.report.summary import CampaignSummary


def polymorphs_at_temperature(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The polymorphs of each composition that has several, by free energy.

    Args:
        records: Figures of phonons at one level and temperature, each with ``formula`` and
            ``file``.
    """
    by_formula: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        by_formula.setdefault(record["formula"], []).append(record)
    rows = []
    for formula, several in by_formula.items():
        unstable = {record["file"]: record["unstable"] for record in several}
        energies = [
            PolymorphEnergies(
                r["file"], r["energy_per_atom"], r["zero_point_energy"], r["free_energy"]
            )
            for r in several
        ]
        if len(several) > 1:
            rows += [
                {"formula": formula, **asdict(one), "unstable": unstable[one.name]}
                for one in rank_polymorphs(energies)
            ]
    return rows


def ranked_polymorphs(summary: CampaignSummary) -> list[tuple[float, str, list[dict[str, Any]]]]:
    """Temperature (K), level and rows of each ranking that the phonons of a campaign allow.

    Args:
        summary: The campaign; the ranks of its structures are the names in the rows.
    """
    formulas = {row.rank: row.formula for row in summary.ranking}
    groups: dict[tuple[float, str], dict[int, dict[str, Any]]] = {}
    for one in summary.interpretations:
        if one.kind == "phonons":
            record = {**one.result, "formula": formulas[one.rank], "file": str(one.rank)}
            groups.setdefault((one.result["temperature"], one.level), {})[one.rank] = record
    return [
        (temperature, level, rows)
        for (temperature, level), records in sorted(groups.items())
        if (rows := polymorphs_at_temperature(list(records.values())))
    ]
