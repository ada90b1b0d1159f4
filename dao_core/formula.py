"""Formulas as people type them, as documents hold them, and as chemists print them."""

from __future__ import annotations

import logging
import re
import unicodedata
from fractions import Fraction
from itertools import islice
from math import lcm

from pymatgen.core import Composition, Element

from dao_core.errors import InputError

EXAMPLES = "write it like MgO, Cr6Os2 or Ca(OH)2"
MARKUP = re.compile(r"[_${}\s]")
"""What LaTeX and habit put around numbers: ``TiO_2``, ``TiO$_2$``."""
DOTS = re.compile(r"[·•⋅∙・*]")
HYDRATE = re.compile(r"^(.*?)\.(\d+(?:\.\d+)?)?H2O$")
"""A full stop before water stands for such a dot; elsewhere it is a decimal point."""
TOKEN = re.compile(r"([A-Z][a-z]?|[(\[]|[)\]])(\d+(?:\.\d+)?|\.\d+)?")
LEADING = re.compile(r"(\d+(?:\.\d+)?)?(.*)")
LONGEST = 200
"""Characters; a formula of so many is none."""
LONGEST_GUESSED = 20
"""Characters of what is spelled in other ways: their number grows with a power of two."""
MOST_SUGGESTIONS = 3
LARGEST_CELL = 1000
"""Multiples of a formula with fractions that are looked through for a cell of whole atoms."""
HYDROXIDE = re.compile(r"\(HO\)|(?<=[A-Za-z\d)])HO$")
HYDRIDE = re.compile(r"^H(\d*)([CN])(\d*)(?![a-z])(?!.*O(?![a-z]))")
ISOTOPES = ("D", "T")

logger = logging.getLogger(__name__)


def parse_formula(text: str) -> Composition:
    """The atoms of a formula: ``Mg(OH)2``, ``TiO₂``, ``ClNa``, ``CuSO4·5H2O``, ``D2O`` (as H2O).

    Args:
        text: as it was typed.

    Returns:
        Whole, positive amounts.

    Raises:
        InputError: it is malformed, names no element, or has fractions or none of an atom; the
            text says what may have been meant.
    """
    plain = MARKUP.sub("", unicodedata.normalize("NFKC", text))
    if len(plain) > LONGEST:
        raise InputError(f"formula {text[:40]!r}... is too long to be one")
    amounts: dict[str, Fraction] = {}
    for part in DOTS.split(HYDRATE.sub(r"\1·\2H2O", plain)):
        number, rest = LEADING.fullmatch(part).groups()  # type: ignore[union-attr]
        for symbol, amount in _amounts(rest, text).items():
            amounts[symbol] = amounts.get(symbol, Fraction()) + amount * Fraction(number or 1)
    _check_amounts(amounts, text)
    for isotope in ISOTOPES:
        if isotope in amounts:
            logger.warning("%s: %s is taken as H; energies know no isotopes", text, isotope)
            amounts["H"] = amounts.get("H", Fraction()) + amounts.pop(isotope)
    return Composition({symbol: int(amount) for symbol, amount in amounts.items()})


def canonical(text: str) -> str:
    """The formula as documents hold it: reduced, elements by electronegativity (``Mg(HO)2``).

    Raises:
        InputError: the text is no formula.
    """
    return str(parse_formula(text).reduced_formula)


def conventional(formula: str) -> str:
    """A canonical formula as chemists print it: ``Ca(OH)2``, ``NaOH``, ``CH4``, ``NH3``."""
    swapped = HYDRIDE.sub(_carbon_or_nitrogen_first, formula)
    return HYDROXIDE.sub(lambda match: match[0].replace("HO", "OH"), swapped)


def _carbon_or_nitrogen_first(match: re.Match[str]) -> str:
    """``H4C`` as ``CH4``; acids such as HCN, which hold more, stay."""
    hydrogens, symbol, number = match.groups()
    is_whole = match.end() == len(match.string)
    if symbol == "C" and not is_whole:
        return match[0]
    return f"{symbol}{number}H{hydrogens}"


def _amounts(text: str, whole: str) -> dict[str, Fraction]:
    """Amounts of the elements of a part with brackets.

    Raises:
        InputError: it is malformed.
    """
    stack: list[dict[str, Fraction]] = [{}]
    opened: list[str] = []
    end = 0
    for match in TOKEN.finditer(text):
        word, number = match[1], Fraction(match[2] or 1)
        if match.start() != end or (word in "([" and match[2]):
            break
        if word in "([":
            stack.append({})
            opened.append(word)
        elif word in ")]":
            if not opened or opened.pop() + word not in ("()", "[]") or not stack[-1]:
                break
            for symbol, amount in stack.pop().items():
                stack[-1][symbol] = stack[-1].get(symbol, Fraction()) + amount * number
        elif not Element.is_valid_symbol(word):
            break
        else:
            stack[-1][word] = stack[-1].get(word, Fraction()) + number
            _check_number(number, whole)
        end = match.end()
    if end != len(text) or opened or not text:
        raise InputError(_malformed(text, whole))
    return stack[0]


def _check_number(number: Fraction, text: str) -> None:
    """Refuse an element that a formula names and has none of.

    Raises:
        InputError: the number is zero.
    """
    if number == 0:
        raise InputError(f"formula {text!r} must have whole, positive numbers of atoms")


def _check_amounts(amounts: dict[str, Fraction], text: str) -> None:
    """Refuse fractions of atoms, with the smallest cell that has none.

    Raises:
        InputError: an amount is no whole, positive number.
    """
    if min(amounts.values()) <= 0:
        raise InputError(f"formula {text!r} must have whole, positive numbers of atoms")
    multiple = lcm(*(amount.denominator for amount in amounts.values()))
    if multiple == 1:
        return
    message = f"formula {text!r} must have whole, positive numbers of atoms"
    if multiple <= LARGEST_CELL:
        counts = {symbol: int(amount * multiple) for symbol, amount in amounts.items()}
        cell = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in counts.items())
        message += f"; give a supercell that holds it, {cell}"
    raise InputError(message)


def _malformed(text: str, whole: str) -> str:
    """What is wrong, and what may have been meant."""
    meant = [one for one in islice(_readings(text), MOST_SUGGESTIONS) if one != text]
    hint = f"did you mean {' or '.join(meant)}?" if meant else EXAMPLES
    return f"formula {whole!r} is malformed or names an unknown element; {hint}"


def _readings(text: str) -> list[str]:
    """Spellings with other capitals that are formulas, fewest elements first."""
    if not re.fullmatch(r"[A-Za-z\d()\[\]]+", text) or len(text) > LONGEST_GUESSED:
        return []
    found = [""]
    for run in re.findall(r"[A-Za-z]+|[^A-Za-z]+", text):
        endings = _split(run) if run[0].isalpha() else [run]
        found = [start + ending for start in found for ending in endings]
    return sorted(found, key=lambda one: (sum(map(str.isupper, one)), one))


def _split(letters: str) -> list[str]:
    """All ways to read letters as elements."""
    if not letters:
        return [""]
    return [
        letters[:size].title() + rest
        for size in (2, 1)
        if len(letters) >= size and Element.is_valid_symbol(letters[:size].title())
        for rest in _split(letters[size:])
    ]
