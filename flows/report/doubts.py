"""A ranking as the doubt sees it, and how a report says what is known of a crystal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from pymatgen.core import Structure

from dao_core.crystal.structure_type import common_name
from dao_core.doubt import Polymorph, cautions, gap_std, ties
from flows.report.summary import CampaignSummary, RankedStructure

LOOKED_AT = 100
"""Best structures of a ranking whose doubts are told."""


def doubts(summary: CampaignSummary, formulas: Collection[str] = ()) -> list[str]:
    """Cautions about the order of a ranking.

    Args:
        summary: The campaign, DFT checks included if it has any.
        formulas: Compositions that are asked about; none for all.
    """
    rows = [row for row in summary.ranking[:LOOKED_AT] if not formulas or row.formula in formulas]
    polymorphs = [_polymorph(row) for row in rows]
    return cautions(polymorphs, summary.level, summary.search_level or "")


def with_ties(rows: Sequence[RankedStructure], level: str) -> list[RankedStructure]:
    """A ranking in which each row says which better one of its composition it ties with.

    Args:
        rows: Best first.
        level: Of their energies.
    """
    tied = ties([_polymorph(row) for row in rows], level)
    return [row.model_copy(update={"tied_with": tied.get(row.rank)}) for row in rows]


def height_doubt(row: RankedStructure, first: RankedStructure, level: str) -> float | None:
    """How far a height may be off: what the potential says of it, else the doubt of the gap.

    Args:
        row: A structure of a ranking.
        first: The ground state of its composition.
        level: Of their energies.

    Returns:
        One standard deviation in eV/atom; None for a ground state of a potential that gives none.
    """
    if row.energy_above_hull_std is not None:
        return row.energy_above_hull_std
    return None if row is first else gap_std(level, _energies(row), _energies(first))


def novelty(row: RankedStructure) -> str:
    """What a crystal is new to, or where it was seen before.

    Args:
        row: Of a ranking.
    """
    if row.known_as:
        return row.known_as
    if row.structure_type:
        return f"new to the store; known type {common_name(row.structure_type)}"
    return "new to the store and the prototypes"


def _polymorph(row: RankedStructure) -> Polymorph:
    structure = row.relaxed()
    return replace(
        _energies(row),
        is_element=len(structure.elements) == 1,
        volume_ratio=_volume_ratio(structure),
    )


def _energies(row: RankedStructure) -> Polymorph:
    """What all levels say of it, its crystal not looked at."""
    return Polymorph(
        rank=row.rank,
        formula=row.formula,
        space_group=row.space_group,
        is_element=False,
        height=row.energy_above_hull,
        energy_per_atom=row.energy_per_atom,
        search_height=row.search_energy_above_hull,
        second_energy=row.second_energy_per_atom,
        dft_height=row.dft.energy_above_hull if row.dft else None,
        volume_per_atom=row.volume_per_atom,
    )


def _volume_ratio(structure: Structure) -> float:
    """Volume over the one that the bonds of the elements suggest."""
    # Takes a second to load, which who only looks at energies need not wait for.
    from dao_core.crystal.volume import rescaled  # noqa: PLC0415

    return structure.volume / rescaled(structure).volume
