"""What a user asks for: a chemical system such as ``Mg-O``, or formulas such as ``Cr6Os2``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pymatgen.core import Composition, Element

from dao_core.crystal.usable import MAX_ATOMIC_NUMBER
from dao_core.errors import InputError
from dao_core.formula import parse_formula

DASHES = re.compile("[\u2010-\u2015\u2212]")
"""What keyboards and documents put for the hyphen of a chemical system."""
MAX_ATOMS = 1_000_000
"""Of one formula: beyond it amounts lose digits, and no cell could be computed."""


@dataclass(frozen=True)
class Formula:
    """One composition that was asked for.

    Attributes:
        reduced: reduced formula, e.g. ``Cr3Os``.
        z: formula units per cell if the formula was written for a cell (``Cr6Os2`` is 2 of
            ``Cr3Os``), or None for a reduced formula, whose Z is open.
    """

    reduced: str
    z: int | None


@dataclass(frozen=True)
class Target:
    """A chemical system or a list of formulas.

    Attributes:
        elements: symbols of all elements, alphabetical.
        formulas: empty for a chemical system.
    """

    elements: tuple[str, ...]
    formulas: tuple[Formula, ...]

    @property
    def is_system(self) -> bool:
        """Whether all compositions of a chemical system are meant."""
        return not self.formulas

    @property
    def chemsys(self) -> str:
        """The chemical system, elements sorted: ``Mg-O``."""
        return "-".join(self.elements)

    @property
    def name(self) -> str:
        """``Mg-O`` for a system, ``Cr3Os,MgO`` for formulas."""
        if self.is_system:
            return self.chemsys
        return ",".join(formula.reduced for formula in self.formulas)


def parse_target(texts: Sequence[str]) -> Target:
    """Read one chemical system or one or more formulas.

    ``Mg-O`` is a system. A lone element (``Si``) is a formula: the element itself.

    Raises:
        InputError: nothing is given, an element is unknown or named twice, a formula is malformed,
            a system and formulas are mixed, or only noble gases are named.
    """
    texts = [DASHES.sub("-", text.strip()) for text in texts]
    if not texts or not all(texts):
        raise InputError("no chemical system given; name one like Mg-O, or formulas like MgO TiO2")
    systems = [text for text in texts if "-" in text]
    if systems and len(texts) > 1:
        raise InputError(
            f"{' '.join(texts)}: give one chemical system, or formulas, not both at once"
        )
    target = _parse_system(systems[0]) if systems else _parse_formulas(texts)
    if all(Element(symbol).is_noble_gas for symbol in target.elements):
        raise InputError(
            f"{' '.join(texts)} holds nothing but noble gases, which form no bonded crystals; "
            "add another element"
        )
    return target


def parse_cell(text: str) -> Composition:
    """The atoms of one cell: a formula, reduced or not.

    Raises:
        InputError: it is a chemical system, or no formula.
    """
    if parse_target([text]).is_system:
        raise InputError(f"{text} is a chemical system; give a formula such as MgO")
    return parse_formula(text)


def _parse_system(text: str) -> Target:
    """Read ``A-B-C``."""
    symbols = [symbol.strip() for symbol in text.split("-")]
    if not all(symbols):
        raise InputError(f"chemical system {text!r} has an empty place; write it like Mg-O")
    for symbol in symbols:
        _check_element(symbol, text)
    if len(set(symbols)) < len(symbols):
        raise InputError(f"chemical system {text!r} names an element twice")
    return Target(tuple(sorted(symbols)), ())


def _parse_formulas(texts: Sequence[str]) -> Target:
    """Read formulas, repeats dropped, in the given order."""
    formulas = tuple(dict.fromkeys(_parse_formula(text) for text in texts))
    elements = {e.symbol for formula in formulas for e in Composition(formula.reduced).elements}
    return Target(tuple(sorted(elements)), formulas)


def _parse_formula(text: str) -> Formula:
    """Read one formula with whole numbers of atoms.

    Raises:
        InputError: it is none, or of too many atoms.
    """
    composition = parse_formula(text)
    if composition.num_atoms > MAX_ATOMS:
        raise InputError(f"formula {text!r} has more than {MAX_ATOMS} atoms; no cell is so large")
    for element in composition.elements:
        _check_element(element.symbol, text)
    reduced, factor = composition.get_reduced_formula_and_factor()
    return Formula(reduced, round(factor) if factor > 1 else None)


def _check_element(symbol: str, text: str) -> None:
    """Raise InputError unless ``symbol`` is an element that every table knows."""
    if not Element.is_valid_symbol(symbol):
        meant = "-".join(part.strip().title() for part in text.split("-"))
        known = all(map(Element.is_valid_symbol, meant.split("-")))
        hint = f"did you mean {meant}?" if known else "write it like Mg-O or MgO"
        raise InputError(f"{text!r}: {symbol!r} is not an element; {hint}")
    if Element(symbol).Z > MAX_ATOMIC_NUMBER:
        raise InputError(f"{text!r}: no data for elements beyond fermium, such as {symbol}")
