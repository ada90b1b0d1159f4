"""The sites of a CIF: elements, coordinates and occupancies, or the reason why they are none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymatgen.core import Element

from dao_core.crystal.formats.cif_block import UNKNOWN, BlockText, CifError, number_of

LABEL, TYPE, OCCUPANCY = "_atom_site_label", "_atom_site_type_symbol", "_atom_site_occupancy"
COORDINATES = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
NEARLY_ONE = 0.005
"""By which an occupancy may miss 1 and still mean it."""
WATER = re.compile(r"wat|h2o", re.IGNORECASE)
GROUPS = re.compile(r"wat|h2o|o-h|oh\d?$|nh\d|no3", re.IGNORECASE)
"""Labels and types that stand for several atoms at one point, hydrogen among them."""
SIXTHS = (1, 2, 4, 5)
LETTERS = re.compile(r"[A-Za-z]+")
DIGITS = re.compile(r"\.(\d+)")
MOST_ROUNDING = 2e-3
"""Images nearer than this (fractional) are one atom at most; a file of two digits says no more."""


@dataclass(frozen=True)
class Sites:
    """The sites of a block, ready for the parser.

    Attributes:
        columns: the values by CIF data name.
        tolerance: distance of images that are one atom, fractional: what the digits leave open.
        notes: what was decided where the file leaves it open.
    """

    columns: dict[str, list[str]]
    tolerance: float
    notes: tuple[str, ...]


def sites_of(block: BlockText, elements: frozenset[str] | None) -> Sites:
    """The sites of a block.

    Args:
        block: the block.
        elements: those of its formula, which decide what a label such as ``HO1`` means.

    Raises:
        CifError: there are none, or one has no element, no place or no whole occupancy.
    """
    columns = [block.column(name) for name in COORDINATES]
    if not all(columns):
        if block.column("_atom_site_cartn_x"):
            raise CifError("sites in Cartesian coordinates; give _atom_site_fract_x")
        raise CifError("no fractional coordinates of atoms")
    types = block.column(TYPE)
    labels = block.column(LABEL) or types or []
    places = [[number_of(text, f"coordinate of {label}") for text, label in
               zip(column or (), labels, strict=True)] for column in columns]  # fmt: skip
    texts = [text for column in columns for text in column or ()]
    notes: list[str] = []
    symbols = [_element(word, label, elements, notes, is_type=types is not None)
               for word, label in zip(types or labels, labels, strict=True)]  # fmt: skip
    occupancies = _occupancies(block, labels, notes)
    exact = [[repr(_sixth(value, text)) for value, text in zip(row, column or (), strict=True)]
             for row, column in zip(places, columns, strict=True)]  # fmt: skip
    values = {LABEL: labels, TYPE: symbols, **dict(zip(COORDINATES, exact, strict=True)),
              OCCUPANCY: occupancies}  # fmt: skip
    return Sites(values, _tolerance(texts), tuple(dict.fromkeys(notes)))


def _element(
    word: str, label: str, elements: frozenset[str] | None, notes: list[str], *, is_type: bool
) -> str:
    """The element of a site by its type (``O2-``) or, where there is none, by its label (``O_s``).

    Raises:
        CifError: the site is shared, stands for a group of atoms, or names no element.
    """
    if " + " in word:
        raise CifError(f"site {label} is shared by {word}: disordered")
    if (GROUPS if is_type else WATER).match(word):
        raise CifError(f"site {label} stands for {word}, whose hydrogen has no place")
    match = LETTERS.match(word.strip())
    letters = match[0] if match else ""
    possible = [one for one in (letters[:2].title(), letters[:1].upper())
                if one and Element.is_valid_symbol(one)]  # fmt: skip
    if not possible:
        raise CifError(f"site {label}: {word!r} names no element")
    stated = [one for one in possible if elements and one in elements]
    is_plain = letters in possible
    symbol = letters if is_plain else (stated or possible)[0]
    if not is_plain and not is_type:
        notes.append(f"the label {label} is read as {symbol}")
    if symbol in ("D", "T"):
        notes.append(f"{symbol} is read as H")
        return "H"
    return symbol


def _occupancies(block: BlockText, labels: list[str], notes: list[str]) -> list[str]:
    """Occupancies as texts: what is nearly 1 is 1, and so is what is not given.

    Raises:
        CifError: one is above 1 or no number.
    """
    given = block.column(OCCUPANCY) or ["1"] * len(labels)
    values = []
    for text, label in zip(given, labels, strict=True):
        if text.strip() in UNKNOWN:
            notes.append(f"occupancy of {label} is {text!r}; taken as 1")
        value = 1.0 if text.strip() in UNKNOWN else number_of(text, f"occupancy of {label}")
        if value > 1 + NEARLY_ONE or value < 0:
            raise CifError(f"occupancy of {label} is {text}")
        values.append("1.0" if abs(value - 1) <= NEARLY_ONE else repr(value))
    return values


def _sixth(value: float, text: str) -> float:
    """The coordinate; 1/3 where a file with few digits has 0.333, and 1/6 where it has 0.167."""
    digits = _digits(text)
    sixths = round(value * 6)
    if digits < 2 or sixths % 6 not in SIXTHS:
        return value
    return sixths / 6 if abs(sixths / 6 - value) < 1.001 * 10**-digits else value


def _digits(text: str) -> int:
    """Digits behind the point of a coordinate, its uncertainty left out."""
    found = DIGITS.search(text.partition("(")[0])
    return len(found[1]) if found else 0


def _tolerance(texts: list[str]) -> float:
    """Fractional distance within which images are one atom, by the fewest digits above two."""
    digits = [count for count in map(_digits, texts) if count > 2]
    return min(MOST_ROUNDING, max(1e-4, 2 * 10.0 ** -min(digits, default=5)))
