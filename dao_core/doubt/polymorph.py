"""One ranked structure as the doubt sees it: heights by all levels that know it, and its volume."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Polymorph:
    """A structure of a ranking.

    Attributes:
        rank: from 1.
        formula: reduced.
        space_group: symbol.
        is_element: whether it is a crystal of one element.
        height: eV/atom above the hull at the level of the ranking; None without a hull.
        energy_per_atom: eV/atom at that level.
        search_height: the same by the level of the search, where another one ranks.
        second_energy: eV/atom by a further potential at the same structure, on its own zero.
        dft_height: eV/atom above the hull of DFT, where DFT has looked.
        volume_ratio: volume over the one that the bonds of its elements suggest.
        volume_per_atom: cubic angstrom.
    """

    rank: int
    formula: str
    space_group: str
    is_element: bool
    height: float | None
    energy_per_atom: float
    search_height: float | None = None
    second_energy: float | None = None
    dft_height: float | None = None
    volume_ratio: float = 1.0
    volume_per_atom: float = 0.0

    @property
    def name(self) -> str:
        """What a reader finds it by."""
        return f"{self.space_group} (rank {self.rank})"
