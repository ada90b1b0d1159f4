"""What stands above a ranking: gaps below the doubt, levels that disagree, impossible volumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dao_core.doubt.order import gap_std, ties
from dao_core.doubt.polymorph import Polymorph

NEAR = 0.1
"""eV/atom above the hull up to which a structure is worth a caution."""
BELOW = 0.01
"""eV/atom below the known ground state of an element from which on it is said."""
MOST_VOLUME = 1.8
"""Over the volume that bonds suggest, which is within 0.83 to 1.21 for nine crystals of ten. Guards
of the relaxation see to what is too dense."""
MOST = 5
"""Cautions of one kind; the rest is counted."""


def cautions(polymorphs: Sequence[Polymorph], level: str, search_level: str = "") -> list[str]:
    """What a reader must know before trusting the order of a ranking.

    Args:
        polymorphs: of all compositions, best first.
        level: of their heights.
        search_level: of their heights in the search, where another one ranks.

    Returns:
        Sentences, the gravest kind first.
    """
    near = [one for one in polymorphs if one.height is None or one.height <= NEAR]
    kinds = (
        _below_elements(near),
        _by_dft(near),
        _by_search(near, level, search_level),
        _unsettled(near, level),
        _volumes(near),
    )
    return [text for kind in kinds for text in _few([*kind])]


def _below_elements(near: Sequence[Polymorph]) -> Iterator[str]:
    for one in near:
        if one.is_element and one.height is not None and one.height < -BELOW:
            yield (
                f"{one.formula}: {one.name} lies {-1000 * one.height:.0f} meV/atom below the known "
                "ground state: the potential is doubtful about it, or this is a discovery"
            )


def _by_dft(near: Sequence[Polymorph]) -> Iterator[str]:
    for first, others in _compositions(near):
        checked = [one for one in (first, *others) if one.dft_height is not None]
        if len(checked) > 1:
            lowest = min(checked, key=lambda one: one.dft_height or 0.0)
            if lowest is not checked[0]:
                yield f"{first.formula}: DFT has {lowest.name} below {checked[0].name}"


def _by_search(near: Sequence[Polymorph], level: str, search_level: str) -> Iterator[str]:
    for first, others in _compositions(near):
        known = [one for one in (first, *others) if one.search_height is not None]
        lowest = min(known, key=lambda one: one.search_height or 0.0, default=first)
        if lowest is not first and search_level:
            gap = 1000 * (lowest.energy_per_atom - first.energy_per_atom)
            yield (
                f"{first.formula}: {level} has {first.name} lowest, {search_level} had "
                f"{lowest.name}, now {gap:.0f} meV/atom higher"
            )


def _unsettled(near: Sequence[Polymorph], level: str) -> Iterator[str]:
    tied = ties(near, level)
    for first, others in _compositions(near):
        unsettled = [one for one in others if one.rank in tied]
        if unsettled and not first.is_element:  # elements have their known ground state
            nearest = unsettled[0]
            gap = 1000 * abs(nearest.energy_per_atom - first.energy_per_atom)
            doubt = 1000 * gap_std(level, first, nearest)
            more = f" ({len(unsettled) - 1} more tie)" if len(unsettled) > 1 else ""
            yield (
                f"{first.formula}: {first.name} and {nearest.name} differ by {gap:.1f} meV/atom, "
                f"less than the doubt of {doubt:.0f}: their order is not settled{more}"
            )


def _volumes(near: Sequence[Polymorph]) -> Iterator[str]:
    for one in near:
        if one.volume_ratio > MOST_VOLUME:
            yield (
                f"{one.formula}: {one.name} has {one.volume_per_atom:.1f} cubic angstrom per atom, "
                f"{one.volume_ratio:.1f} times what its bonds suggest: hardly a bulk crystal"
            )


def _compositions(
    near: Sequence[Polymorph],
) -> Iterator[tuple[Polymorph, list[Polymorph]]]:
    """The best of each composition, and its other polymorphs."""
    groups: dict[str, list[Polymorph]] = {}
    for one in near:
        groups.setdefault(one.formula, []).append(one)
    for first, *others in groups.values():
        yield first, others


def _few(texts: Sequence[str]) -> list[str]:
    """The first of a kind, and how many more there are."""
    more = len(texts) - MOST
    return [*texts[:MOST], *([f"{more} more cautions of this kind"] if more > 0 else [])]
