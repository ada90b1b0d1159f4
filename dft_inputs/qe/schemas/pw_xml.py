"""Reading the XML file of pw.x against the schema that the file itself names.

qeschema carries the schemas of every release; a file is only read rightly with its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
from pymatgen.core import Lattice, Structure
from qeschema.documents import PwDocument
from qeschema.exceptions import XmlDocumentError
from xmlschema import XMLSchemaException

from dao_core.units import BOHR_ANGSTROM, HARTREE_EV, HARTREE_PER_BOHR3_GPA
from dft_inputs.errors import (
    ContradictoryOutputError,
    EmptyOutputError,
    TruncatedOutputError,
)
from dft_inputs.garbled import GARBLED
from dft_inputs.qe.pw_input import element_of_label


def garbled(error: Exception) -> ContradictoryOutputError:
    """The error for output that cannot be what pw.x writes."""
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return ContradictoryOutputError(f"The output of pw.x is damaged: it cannot be read ({what}).")


@lru_cache(maxsize=4)
def pw_document(release: str) -> PwDocument:
    """Document with the schema of one release (compiling a schema takes tenths of a second)."""
    return PwDocument(schema=f"releases/{release}")


@lru_cache(maxsize=1)
def schema_releases() -> list[str]:
    """File names of the schemas of pw.x that qeschema carries, oldest first."""
    folder = resources.files("qeschema") / "schemas" / "releases"
    names = [path.name for path in folder.iterdir()]
    dated = [name for name in names if re.fullmatch(r"qes[-_]\d+\.xsd", name)]
    return sorted(dated, key=_release_date)


def _release_date(name: str) -> int:
    """Date of a schema: 2018 releases are written YYYYMMDD, 030920 is day-month-year."""
    digits = re.sub(r"\D", "", name)
    if digits == "030920":
        return 200903
    return int(digits[2:] if len(digits) == 8 else digits)


def release_of(text: str) -> str:
    """Schema of an XML file; the newest older one when qeschema does not carry that release.

    Args:
        text: Beginning of the file.

    Returns:
        File name of the schema.

    Raises:
        TruncatedOutputError: If the file names no schema.
    """
    match = re.search(r"(qes[-_]\d+\.xsd)", text)
    if match is None:
        raise TruncatedOutputError("The XML file of pw.x ends before it names its schema.")
    named = match.group(1)
    if named in schema_releases():
        return named
    older = [r for r in schema_releases() if _release_date(r) <= _release_date(named)]
    return (older or schema_releases())[-1]


def read_pw_xml(path: Path) -> dict[str, Any]:
    """Content of the XML file of pw.x.

    Args:
        path: The file.

    Returns:
        The element ``espresso`` as nested dictionaries, in Hartree atomic units.

    Raises:
        EmptyOutputError: If there is no file or it is empty.
        TruncatedOutputError: If it stops in the middle or the run did not close it.
    """
    if not path.is_file() or not path.stat().st_size:
        raise EmptyOutputError(f"pw.x left no XML file at {path.parent.name}/{path.name}.")
    return decode_pw_xml(path.read_text(errors="replace"))


@lru_cache(maxsize=2)
def decode_pw_xml(text: str) -> dict[str, Any]:
    """Decode an XML file; remembered, since handlers, validator and task document all ask for it.

    Args:
        text: Content of the file.

    Returns:
        The element ``espresso``.

    Raises:
        TruncatedOutputError: If it stops in the middle or the run did not close it.
        ContradictoryOutputError: If it does not hold what the schema says.
    """
    document = pw_document(release_of(text[:2000]))
    try:
        document.from_xml(text, validation="skip")
        content = document.to_dict(validation="lax")["qes:espresso"]
    except ParseError as error:
        raise TruncatedOutputError(
            f"The XML file of pw.x stops in the middle ({error})."
        ) from error
    except (XMLSchemaException, XmlDocumentError, *GARBLED) as error:
        raise garbled(error) from error
    if not isinstance(content, dict) or "output" not in content or "closed" not in content:
        raise TruncatedOutputError("The XML file was never closed by pw.x.")
    return content


def structure_of(element: dict[str, Any]) -> Structure:
    """Crystal of an ``atomic_structure`` element.

    Args:
        element: The element, lengths in bohr.

    Returns:
        The crystal.

    Raises:
        ContradictoryOutputError: If it holds numbers that are not finite.
    """
    matrix = np.array([element["cell"][row] for row in ("a1", "a2", "a3")]) * BOHR_ANGSTROM
    atoms = element["atomic_positions"]["atom"]
    coords = np.array([atom["$"] for atom in atoms]) * BOHR_ANGSTROM
    if not (np.isfinite(matrix).all() and np.isfinite(coords).all()):
        raise ContradictoryOutputError("The XML file of pw.x holds a geometry that is not finite.")
    species = [element_of_label(atom["@name"]) for atom in atoms]
    return Structure(Lattice(matrix), species, coords, coords_are_cartesian=True)


def forces_of(element: dict[str, Any] | None) -> list[list[float]] | None:
    """Forces ``[n, 3]`` of a ``forces`` element, eV/angstrom; None without the element."""
    if element is None:
        return None
    return (np.array(element["$"]).reshape(-1, 3) * HARTREE_EV / BOHR_ANGSTROM).tolist()


def stress_of(element: dict[str, Any] | None) -> list[list[float]] | None:
    """Stress ``[3, 3]`` of a ``stress`` element, GPa, negative diagonal when compressed."""
    if element is None:
        return None
    # pw.x counts compression as positive; the sign here is that of dE/dstrain.
    return (-np.array(element["$"]).reshape(3, 3) * HARTREE_PER_BOHR3_GPA).tolist()
