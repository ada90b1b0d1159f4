"""The operations of a space group that a CIF names by a symbol or a number alone.

spglib's table has the 530 settings of International Tables A. A symbol often leaves open which one
is meant: the origin (Fd-3m), the axes (R-3m), the unique axis. The cell rules some out; what is
read with the others is held against the formula.
"""

from __future__ import annotations

import re
from functools import cache
from typing import cast

import numpy as np
import spglib

from dao_core.crystal.formats.cif_block import BlockText, CifError

SETTINGS = range(1, 531)
"""Hall numbers."""
HALL_NAMES = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
NUMBER_NAMES = ("_space_group_it_number", "_symmetry_int_tables_number")
CHOICES = {"S": "1", "Z": "2"}
"""Letters of the ICSD for the origins."""
CHOICE = re.compile(r"^(.+?)\s*(?::\s*(\w+)|\s([SZHR]))$")
STANDARD = ("", "1", "2", "H", "R", "b", "b1")
"""What a number or a short symbol can mean: either origin, either axes of a trigonal group."""
OLD_SYMBOLS = {"abm2": 39, "aba2": 41, "cmca": 64, "cmma": 67, "ccca": 68}
"""Symbols before 1992, by number."""
LAST_MONOCLINIC, FIRST_CUBIC = 15, 195
METRIC_TOLERANCE = 0.02
"""By which a cell may miss the symmetry of its group, relative to its longest squared edge."""


def settings_of(block: BlockText) -> list[list[str]]:
    """Operations (``x,y,z`` and so on) of every setting that a block may mean, likeliest first.

    Raises:
        CifError: the cell fits none of those that its symbol may mean.
    """
    numbers = _named(block)
    if not numbers:
        return []
    metric = block.metric()
    fitting = [number for number in numbers if _fits(number, metric)]
    if not fitting:
        raise CifError(f"the cell does not have the symmetry of {block.symbol or 'its group'}")
    standard = [n for n in fitting if _group(n).choice in STANDARD]
    if _group(fitting[0]).number <= LAST_MONOCLINIC and standard:
        fitting = standard
    return [_operations(number) for number in fitting]


def _named(block: BlockText) -> list[int]:
    """Hall numbers of the settings that a block may mean."""
    hall = _plain(next(filter(None, map(block.single, HALL_NAMES)), ""))
    if found := [n for n in SETTINGS if _plain(_group(n).hall_symbol) == hall]:
        return found
    symbol, choice = _parts(block.symbol or "")
    found = [n for n in SETTINGS if _plain(symbol) in _names(n)]
    number = next(filter(None, map(block.single, NUMBER_NAMES)), "")
    number = str(OLD_SYMBOLS.get(_plain(symbol), number))
    if not found:
        found = [n for n in SETTINGS
                 if str(_group(n).number) == number and _group(n).choice in STANDARD]  # fmt: skip
    return [n for n in found if _group(n).choice == choice] or found


def _group(number: int) -> spglib.SpaceGroupType:
    """The entry of spglib's table, which has every number of :data:`SETTINGS`."""
    return cast("spglib.SpaceGroupType", spglib.get_spacegroup_type(number))


def _database(number: int) -> dict[str, np.ndarray]:
    """``rotations`` (n, 3, 3) and ``translations`` (n, 3) of a setting."""
    return cast("dict[str, np.ndarray]", spglib.get_symmetry_from_database(number))


def _parts(symbol: str) -> tuple[str, str]:
    """A symbol without its setting, and the setting: ``F d -3 m :2`` is ``F d -3 m`` and ``2``."""
    match = CHOICE.match(symbol.strip())
    if match is None:
        return symbol, ""
    choice = match[2] or match[3]
    return match[1], CHOICES.get(choice, choice)


def _plain(symbol: str) -> str:
    """A symbol without blanks and underscores, in small letters."""
    return re.sub(r"[\s_'\"]", "", symbol).lower()


@cache
def _names(number: int) -> frozenset[str]:
    """What a setting may be called: ``P 1 2_1/n 1`` is also ``P 2_1/n``; ``Fm-3m`` was ``Fm3m``."""
    group = _group(number)
    names = {group.international_full}
    if group.choice in STANDARD:
        names.add(group.international_short)
    if group.number <= LAST_MONOCLINIC:
        fields = group.international_full.split()
        names.add("".join([fields[0], *(one for one in fields[1:] if one != "1")]))
    else:
        names.add(group.international)
    if group.number >= FIRST_CUBIC:
        names |= {name.replace("-3", "3") for name in names}
    return frozenset(map(_plain, names))


def _operations(number: int) -> list[str]:
    """The operations of a setting as texts."""
    group = _database(number)
    pairs = zip(group["rotations"], group["translations"], strict=True)
    return [_text(rotation, translation) for rotation, translation in pairs]


def _text(rotation: np.ndarray, translation: np.ndarray) -> str:
    """One operation, for example ``-y,x-y,z+1/3``."""
    rows = []
    for row, shift in zip(rotation, translation, strict=True):
        axes = zip(row, "xyz", strict=True)
        terms = ["-+"[int(factor > 0)] + axis for factor, axis in axes if factor]
        parts = round(float(shift) * 24) % 24
        rows.append("".join(terms).removeprefix("+") + (f"+{parts}/24" if parts else ""))
    return ",".join(rows)


def _fits(number: int, metric: np.ndarray) -> bool:
    """Whether every rotation of a setting leaves the cell as it is."""
    rotations = _database(number)["rotations"]
    turned = np.swapaxes(rotations, 1, 2) @ metric @ rotations
    return bool(np.abs(turned - metric).max() < METRIC_TOLERANCE * metric.max())
