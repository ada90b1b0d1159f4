"""CIF and magnetic CIF: what is read is held against what the file says of itself."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure
from pymatgen.io.cif import CifBlock, CifParser

from dao_core.crystal.formats.cif_block import LATTICE, BlockText, CifError
from dao_core.crystal.formats.cif_setting import settings_of
from dao_core.crystal.formats.cif_sites import Sites, sites_of
from dao_core.crystal.formats.cif_statements import Statements
from dao_core.crystal.formats.parsed import (
    PARSER_ERRORS,
    Parsed,
    check_atoms,
    reason_of,
    whole_text,
)
from dao_core.errors import InputError

BLOCK = re.compile(r"^\s*data_", re.MULTILINE | re.IGNORECASE)
OPERATIONS = "_symmetry_equiv_pos_as_xyz"
MAGNETIC = ("_space_group_magn", "_atom_site_moment", "_space_group_symop_magn")
CLOSEST = 0.5
"""Angstrom; a setting that puts atoms nearer to one another is not the one of the file."""


def parse_cif(file: Path) -> list[Parsed | str]:
    """Every data block of a CIF file, a block that cannot be used as the reason why.

    Raises:
        InputError: the file is too large, or has no block with atoms.
    """
    return parse_cif_text(whole_text(file))


def parse_cif_text(text: str) -> list[Parsed | str]:
    """Every data block of a CIF.

    Blocks without atoms (``data_global``, powder patterns) are passed over beside one with atoms.

    Raises:
        InputError: a loop lists too many atoms, or no block has atoms.
    """
    _check_counts(text)
    parts = BLOCK.split("\n" + text)[1:]
    blocks = [BlockText.of(f"data_{part}") for part in parts if "_cell_" in part.lower()]
    if not blocks:
        raise InputError("no data block with a cell and atoms")
    return [_parse_block(block) for block in blocks]


def _parse_block(block: BlockText) -> Parsed | str:
    """The crystal of a block, or why there is none."""
    try:
        if any(name.startswith(MAGNETIC) for name in block.items):
            return _parse_magnetic(block)
        return _parse_atoms(block)
    except CifError as fault:
        return str(fault)
    except PARSER_ERRORS as error:
        return reason_of(error)


def _parse_magnetic(block: BlockText) -> Parsed:
    """A crystal with its moments, by pymatgen alone; its cell need not be that of the formula."""
    structure = _by_pymatgen(block.text)
    Statements.of(block).check_formula(structure)
    return Parsed(structure)


def _parse_atoms(block: BlockText) -> Parsed:
    """A crystal by the setting that agrees with what the block says of itself.

    Raises:
        CifError: no setting does, or several that make different crystals.
    """
    statements = Statements.of(block)
    block.metric()
    sites = sites_of(block, statements.elements)
    listed = block.operations()
    if listed is not None and len(listed) > 1:
        made, faults = _crystals(block, sites, statements, [listed])
        notes: tuple[str, ...] = ()
    elif listed is not None:
        made, faults, notes = _from_identity(block, sites, statements, listed)
    else:
        made, faults, notes = _from_name(block, sites, statements)
    if not made:
        raise CifError(faults[0])
    return Parsed(made[0], (*sites.notes, *notes, *statements.multiplicity_notes(made[0])))


def _crystals(
    block: BlockText, sites: Sites, statements: Statements, ways: list[list[str]]
) -> tuple[list[Structure], list[str]]:
    """The crystals of some lists of operations that agree with the block, and the other faults."""
    made: list[Structure] = []
    faults: list[str] = []
    for operations in ways:
        try:
            structure = _by_pymatgen(_reduced(block, sites, operations), sites.tolerance)
            statements.check(structure)
        except PARSER_ERRORS as error:
            faults.append(reason_of(error))
            continue
        if len(ways) > 1 and _is_crowded(structure):
            faults.append("atoms lie on top of each other")
        else:
            made.append(structure)
    return made, faults


def _from_identity(
    block: BlockText, sites: Sites, statements: Statements, listed: list[str]
) -> tuple[list[Structure], list[str], tuple[str, ...]]:
    """The crystal of a block that lists the identity alone, and may name a group beside it."""
    made, faults = _crystals(block, sites, statements, [listed])
    try:
        ways = [way for way in settings_of(block) if len(way) > 1]
        named, _ = _crystals(block, sites, statements, ways)
    except CifError:
        named = []
    said = f"lists the identity alone, but names {block.symbol!r}"
    if made and any(_differ(made[0], other) for other in named):
        return made, faults, (f"{said}; taken as listed",)
    if not made and named and not any(_differ(named[0], other) for other in named[1:]):
        return named, faults, (f"{said}; taken by its name, with which formula and Z agree",)
    return made, faults, ()


def _from_name(
    block: BlockText, sites: Sites, statements: Statements
) -> tuple[list[Structure], list[str], tuple[str, ...]]:
    """The crystal of a block that names its space group and lists no operations.

    Raises:
        CifError: the name has several settings, and formula and cell leave several crystals.
    """
    ways = settings_of(block)
    made, faults = _crystals(block, sites, statements, ways or [["x,y,z"]])
    if any(_differ(made[0], other) for other in made[1:]):
        several = ", ".join(dict.fromkeys(one.formula for one in made))
        raise CifError(
            f"the space group {block.symbol!r} has several settings, which make different "
            f"crystals ({several}); give the operations, or the setting (:1, :2, :H, :R)"
        )
    return made, faults, () if ways else ("names no known space group; taken as P1",)


def _differ(one: Structure, other: Structure) -> bool:
    """Whether two settings make different crystals."""
    return len(one) != len(other) or not StructureMatcher().fit(one, other)


def _is_crowded(structure: Structure) -> bool:
    """Whether two atoms are nearer than atoms can be."""
    return bool(structure.get_neighbor_list(CLOSEST)[0].size)


def _reduced(block: BlockText, sites: Sites, operations: list[str]) -> str:
    """A CIF of the cell, the operations and the sites, in the form that pymatgen reads rightly."""
    data = {name: block.required(name) for name in LATTICE}
    loops = [[OPERATIONS], list(sites.columns)]
    whole = CifBlock({**data, OPERATIONS: operations, **sites.columns}, loops, "crystal")
    return str(whole)


def _by_pymatgen(text: str, site_tolerance: float = 1e-4) -> Structure:
    """The one crystal of a CIF; what pymatgen notes is told by what this room checks itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = CifParser.from_str(
            text, site_tolerance=site_tolerance, occupancy_tolerance=1.001, check_cif=False
        )
        return parser.parse_structures(primitive=False, on_error="raise")[0]


def _check_counts(text: str) -> None:
    """Refuse a CIF of which one loop lists too many atoms; other loops (reflections) may be long.

    Raises:
        InputError: it has too many atoms.
    """
    header, rows = False, 0
    for line in _lines(text):
        word = line.lstrip()[:16].lower()
        if word.startswith("_"):
            header, rows = word.startswith("_atom_site_"), 0
        elif word.startswith(("loop_", "data_")):
            header = False
        elif header and word:
            rows += 1
            check_atoms(rows)


def _lines(text: str) -> Iterator[str]:
    """The lines of a text, without a list of them all."""
    return (match[0] for match in re.finditer(r"[^\r\n]+", text))
