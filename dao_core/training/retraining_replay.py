"""What a predictor must not forget while it learns: crystals that its old energies are replayed on.

Where no known crystals are at hand, prototypes of random compositions stand for them; the old
model labels either, so that nothing but the model itself is needed (Robins, Connection Science 7,
123, 1995, calls it pseudorehearsal).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pymatgen.core import Element, Structure

from dao_core.crystal.identity import structure_id
from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.search.compositions import CompositionCell, enumerate_compositions
from dao_core.search.sources import TemplateSource
from dao_core.search.target import parse_target

KINDS = (1, 2, 2, 2, 3, 3, 3)
"""Numbers of elements that are drawn from."""
MAX_ATOMS = 12
LEAST = 100
"""Crystals that are replayed however few the labels are, lest these are learned by heart."""
MOST = 400
"""Prototypes that are made; variants of them make up any number."""
TRIES = 5
"""Compositions drawn for each crystal that is wanted, at most; not every one has a prototype."""


def replay_count(labels: int, replay: float) -> int:
    """How many crystals are replayed beside some labels.

    Args:
        labels: their number.
        replay: replayed crystals for each; 0 for none at all.
    """
    return max(LEAST, round(replay * labels)) if replay else 0


def without_labelled(
    crystals: Sequence[Structure], labelled: Sequence[Structure]
) -> list[Structure]:
    """Crystals that have no label: an old energy would contradict the new one."""
    known = {structure_id(one) for one in labelled}
    return [one for one in crystals if structure_id(one) not in known]


def prototype_crystals(elements: Sequence[int], count: int, seed: int) -> list[Structure]:
    """Prototypes of random compositions.

    Args:
        elements: atomic numbers to draw from; noble gases are left out.
        count: how many are wanted, at most :data:`MOST`; fewer come where the elements have too
            few.
        seed: of the choice.
    """
    count = min(count, MOST)
    rng = np.random.default_rng(seed)
    source, found = TemplateSource(), []
    symbols = [one.symbol for one in map(Element.from_Z, elements) if not one.is_noble_gas]
    for _ in range(TRIES * count if symbols else 0):
        cell = _random_cell(symbols, rng)
        proposals = source.propose(cell, 1, seed=int(rng.integers(1000))) if cell else ()
        found += [one.structure for one in proposals if invalid_reason(one.structure) is None]
        if len(found) >= count:
            break
    return found[:count]


def _random_cell(symbols: Sequence[str], rng: np.random.Generator) -> CompositionCell | None:
    """A composition of one to three random elements; None where these have none."""
    kinds = min(int(rng.choice(KINDS)), len(symbols))
    system = "-".join(rng.choice(symbols, kinds, replace=False))
    try:
        cells = enumerate_compositions(parse_target([system]), "auto", MAX_ATOMS)
    except InputError:  # nothing that fits
        return None
    full = [cell for cell in cells if len(cell.composition.elements) == kinds]
    return full[int(rng.integers(len(full)))] if full else None
