"""Which stoichiometries of some elements are worth trying: charge balance or metallic ratios."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache

from pymatgen.core import Element
from smact.screening import MIXED_VALENCE_ELEMENTS
from smact.utils.oxidation import ICSD24OxStatesFilter

MIN_REPORTS = 3
"""Entries of the ICSD that an oxidation state needs at least (the default of smact)."""
MIN_OCCURRENCE = 1.0
"""Percent of an element's entries in the ICSD that must have an oxidation state for it to count."""
MAX_UNIT_ATOMS = {2: 12, 3: 14, 4: 12, 5: 11, 6: 10, 7: 10}
"""Atoms of the largest charge-balanced formula unit that is tried, by number of elements: Mn3O4
has 7, CaAl2Si2O8 13; the number of stoichiometries grows with a high power of this."""
MAX_ALLOY_ATOMS = {2: 6, 3: 5, 4: 5}
"""Atoms of the largest intermetallic formula unit, by number of elements: AB5, ThCr2Si2."""
ALLOY_PLAUSIBILITY = math.log(0.1)
"""Where a ratio of metals stands among charge-balanced compositions."""
INTERSTITIAL = frozenset({"H", "B", "C", "N"})
"""Non-metals that form metallic compounds with transition metals: Fe3C, Fe4N, PdH."""

Stoichiometry = tuple[int, ...]


def stoichiometries(elements: tuple[str, ...], max_atoms: int) -> dict[Stoichiometry, float]:
    """Reduced numbers of atoms of each element, with their plausibilities.

    Args:
        elements: symbols, two to seven; every one occurs in every stoichiometry.
        max_atoms: atoms of the largest formula unit.

    Returns:
        The logarithm of :func:`charge_balance`, at least ``ALLOY_PLAUSIBILITY`` for simple ratios
        of elements that can form metals.
    """
    found: dict[Stoichiometry, float] = {}
    largest = min(max_atoms, MAX_UNIT_ATOMS[len(elements)])
    for counts in _coprime_counts(len(elements), largest):
        plausibility = charge_balance(dict(zip(elements, counts, strict=True)))
        if plausibility is not None:
            found[counts] = plausibility
    if _is_metallic(elements):
        largest = min(max_atoms, MAX_ALLOY_ATOMS.get(len(elements), 0))
        for counts in _coprime_counts(len(elements), largest):
            found[counts] = max(found.get(counts, -math.inf), ALLOY_PLAUSIBILITY)
    return found


def charge_balance(counts: dict[str, int]) -> float | None:
    """Plausibility of the best charge-balanced assignment of oxidation states.

    States must sum to zero with every cation less electronegative than every anion (Pauling's
    test). Elements that smact lists as mixed-valent may share two neighbouring states (Fe3O4); all
    others have one state per formula.

    Args:
        counts: atoms of each element.

    Returns:
        The sum over elements of the logarithm of the share of the state among the element's
        entries in the ICSD; None where nothing balances.
    """
    if not all(oxidation_states()[symbol] for symbol in counts):
        return None
    ordered = sorted(counts, key=lambda symbol: (Element(symbol).X, symbol))
    best: float | None = None
    for cut in range(1, len(ordered)):
        cations, anions = ordered[:cut], ordered[cut:]
        if Element(cations[-1]).X == Element(anions[0]).X:
            continue
        s_block = all(Element(symbol).block == "s" for symbol in cations)
        positive = _charge_sums([_charges(s, counts[s], 1, s_block=s_block) for s in cations])
        negative = _charge_sums([_charges(s, counts[s], -1, s_block=s_block) for s in anions])
        for charge in positive.keys() & negative.keys():
            plausibility = positive[charge] + negative[charge]
            best = plausibility if best is None else max(best, plausibility)
    return best


def _charge_sums(options: list[dict[int, float]]) -> dict[int, float]:
    """Every sum of one charge of each element, with the largest sum of plausibilities."""
    sums = {0: 0.0}
    for charges in options:
        longer: dict[int, float] = {}
        for (total, known), (charge, added) in itertools.product(sums.items(), charges.items()):
            value = known + added
            longer[total + charge] = max(longer.get(total + charge, -math.inf), value)
        sums = longer
    return sums


@cache
def _charges(symbol: str, count: int, sign: int, *, s_block: bool) -> dict[int, float]:
    """Absolute charges that ``count`` atoms can have with states of one sign, and log shares."""
    shares = {sign * q: share for q, share in oxidation_states()[symbol].items() if sign * q > 0}
    # Peroxides are too rare in the ICSD for the threshold, yet Na2O2 and BaO2 are ground states.
    if symbol == "O" and sign < 0 and s_block:
        shares.setdefault(1, MIN_OCCURRENCE / 100)
    charges = {state * count: math.log(share) for state, share in shares.items()}
    if symbol in MIXED_VALENCE_ELEMENTS:
        for low, high in itertools.pairwise(sorted(shares)):
            mixed = math.log(shares[low]) + math.log(shares[high])
            for k in range(1, count):
                charges.setdefault(low * (count - k) + high * k, mixed)
    return charges


@cache
def oxidation_states() -> dict[str, dict[int, float]]:
    """Oxidation states of every element and their shares of its ICSD entries (smact, ICSD 2024)."""
    states: dict[str, dict[int, float]] = {element.symbol: {} for element in Element}
    table = ICSD24OxStatesFilter().get_species_occurrences_df(consensus=MIN_REPORTS)
    for symbol, species, _, percent in table.itertuples(index=False):
        if percent >= MIN_OCCURRENCE:
            states[symbol][_charge(str(species), str(symbol))] = percent / 100
    return states


def _charge(species: str, symbol: str) -> int:
    """The charge in ``Fe3+``, ``O2-`` or ``H+``."""
    number = species.removeprefix(symbol)
    return int(number[-1] + (number[:-1] or "1"))


def _is_metallic(elements: tuple[str, ...]) -> bool:
    """Whether the elements may form an intermetallic or interstitial compound."""
    metals = [s for s in elements if Element(s).is_metal or Element(s).is_metalloid]
    others = set(elements) - set(metals)
    if not others:
        return True
    return others <= INTERSTITIAL and all(Element(symbol).is_transition_metal for symbol in metals)


def _coprime_counts(length: int, largest: int) -> Iterator[Stoichiometry]:
    """Positive integers without a common factor whose sum is at most ``largest``."""
    for total in range(length, largest + 1):
        for bars in itertools.combinations(range(1, total), length - 1):
            counts = tuple(b - a for a, b in itertools.pairwise((0, *bars, total)))
            if math.gcd(*counts) == 1:
                yield counts
