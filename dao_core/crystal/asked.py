"""A crystal that somebody asked about, by a file or by an id."""

from __future__ import annotations

from dataclasses import dataclass

from pymatgen.core import Structure


@dataclass(frozen=True)
class Crystal:
    """A crystal that is to be interpreted or checked.

    Attributes:
        name: The file it came from, or its id.
        structure: The crystal.
        candidate_id: The candidate it came from, if any.
    """

    name: str
    structure: Structure
    candidate_id: str | None = None
