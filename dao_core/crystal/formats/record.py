"""Crystals in JSON: records of this project, pymatgen's structures and entries, JARVIS's atoms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pymatgen.core import Lattice, Structure

from dao_core.crystal.formats.cif import parse_cif_text
from dao_core.crystal.formats.parsed import PARSER_ERRORS, Parsed, whole_text
from dao_core.errors import InputError

LISTS = ("records", "entries", "structures", "data")
"""Names under which an object may hold its list of records."""
LAYOUTS = (
    "records with 'lattice', 'atomic_numbers' and 'frac_coords', with 'cif', with pymatgen's "
    "'structure', pymatgen's Structure or ComputedStructureEntry, or JARVIS's 'atoms'; one of "
    f"them, a list, an object of them by id, or an object with {', '.join(map(repr, LISTS))}"
)


def parse_json(file: Path) -> list[Parsed | str]:
    """Every crystal of a JSON file, a record without one as the reason why.

    Raises:
        InputError: it is no JSON, or of no layout that is known.
    """
    text = whole_text(file)
    try:
        records = records_of(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise InputError(f"not JSON: {error}") from error
    return [crystal_of(record) for record in records]


def records_of(content: Any) -> list[Any]:
    """The records of a JSON file; those that an object holds by id get this id as ``id``.

    Raises:
        InputError: it is of none of the :data:`LAYOUTS`.
    """
    if isinstance(content, list):
        return content
    if isinstance(content, Mapping):
        for name in LISTS:
            if isinstance(content.get(name), list):
                return list(content[name])
        if _layout(content):
            return [content]
        if content and all(isinstance(one, Mapping) and _layout(one) for one in content.values()):
            return [{"id": name, **record} for name, record in content.items()]
    raise InputError(f"no layout that can be read; known are: {LAYOUTS}")


def crystal_of(record: Any) -> Parsed | str:
    """The crystal of a record, or why there is none."""
    layout = _layout(record) if isinstance(record, Mapping) else None
    if layout is None:
        return f"no layout that can be read; known are: {LAYOUTS}"
    try:
        if layout == "cif":
            return parse_cif_text(str(record["cif"]))[0]
        return Parsed(_structure(record, layout))
    except InputError as error:
        return str(error)
    except PARSER_ERRORS as error:
        return f"not a crystal: {type(error).__name__}: {error}"


def _layout(record: Mapping[str, Any]) -> str | None:
    """How a record holds its crystal, None if it holds none."""
    if isinstance(record.get("lattice"), Mapping) and "sites" in record:
        return "pymatgen"
    if isinstance(record.get("structure"), Mapping):
        return "structure"
    if "lattice_mat" in (record.get("atoms") or ()):
        return "jarvis"
    return next((name for name in ("lattice", "cif") if record.get(name) is not None), None)


def _structure(record: Mapping[str, Any], layout: str) -> Structure:
    """The crystal of a record that is no CIF."""
    if layout == "pymatgen":
        return Structure.from_dict(dict(record))
    if layout == "structure":
        return Structure.from_dict(dict(record["structure"]))
    if layout == "jarvis":
        atoms = record["atoms"]
        return Structure(Lattice(atoms["lattice_mat"]), atoms["elements"], atoms["coords"],
                         coords_are_cartesian=bool(atoms.get("cartesian")))  # fmt: skip
    return Structure(Lattice(record["lattice"]), record["atomic_numbers"], record["frac_coords"])
