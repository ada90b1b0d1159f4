"""Candidates from known crystals, a training set for instance, with their elements exchanged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from pymatgen.core import Composition, Structure

from dao_core.crystal.fingerprint import coloured_fingerprint, fingerprint_distance
from dao_core.crystal.validity import invalid_reason
from dao_core.crystal.volume import rescaled
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Proposal
from dao_core.search.sources.template import assignments, dissimilarity, substituted

SAME = 0.05
"""Distance of fingerprints below which a proposal repeats one of a more similar crystal."""
MAX_TRIED = 400
"""Known crystals tried for one cell; the rest is less similar still."""


class SubstitutionSource:
    """Known crystals of the same stoichiometry, the chemically most similar first.

    The same element, radius and electronegativity measure as for prototypes
    (:func:`dao_core.search.sources.template.dissimilarity`); volumes from the new elements' bond
    lengths. Isostructural crystals give one proposal.
    """

    name = "training"
    seconds_per_candidate = 0.005

    def __init__(self, known: Sequence[tuple[str, Structure]]) -> None:
        """Sort known crystals by stoichiometry.

        Args:
            known: name and primitive cell of each.
        """
        self._known: dict[tuple[int, ...], list[tuple[str, Structure]]] = defaultdict(list)
        for name, structure in known:
            self._known[_counts(structure.composition)].append((name, structure))

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Up to ``n`` different crystals.

        Args:
            cell: composition, exact.
            n: at most this many.
            seed: not used, nothing here is random.
            first: passed over.
        """
        del seed
        proposals: list[Proposal] = []
        prints: list[np.ndarray] = []
        for score, name, structure in self._ranked(cell):
            if len(proposals) == first + n:
                break
            candidate = rescaled(structure)
            if invalid_reason(candidate):
                continue
            own = coloured_fingerprint(candidate)
            if all(fingerprint_distance(own, other) > SAME for other in prints):
                prints.append(own)
                detail = {"known": name, "dissimilarity": round(score, 4)}
                proposals.append(Proposal(candidate, f"training:{name}", detail))
        return proposals[first:]

    def _ranked(self, cell: CompositionCell) -> Iterator[tuple[float, str, Structure]]:
        """Known crystals with the elements of the cell on their sites, most similar first."""
        wanted = {symbol: round(n) for symbol, n in cell.composition.get_el_amt_dict().items()}
        known = self._known.get(_counts(cell.composition), [])
        found = [
            (dissimilarity(structure, assignment), name, structure, assignment)
            for name, structure in known
            for assignment in assignments(structure, wanted)
        ]
        found.sort(key=lambda entry: (entry[0], entry[1], tuple(entry[3].items())))
        for score, name, structure, assignment in found[:MAX_TRIED]:
            yield score, name, substituted(structure, assignment)


def _counts(composition: Composition) -> tuple[int, ...]:
    """Atoms of each element in the cell, without the elements."""
    return tuple(sorted(round(amount) for amount in composition.values()))
