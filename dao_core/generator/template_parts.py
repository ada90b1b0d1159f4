"""What `dao generate --template` holds while the rest is placed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from dao_core.crystal.reading import read_given
from dao_core.errors import InputError
from dao_core.generator.held_parts import HeldParts
from dao_core.hashing import file_hash

Hold = Literal["framework", "sites", "lattice", "orbits"]
"""Framework: lattice and sites."""


def held_parts(template: Path, hold: Hold) -> tuple[HeldParts, dict[str, Any]]:
    """The parts of the one crystal in a file, and what provenance says of them.

    Raises:
        InputError: the file cannot be read, or holds several structures.
    """
    structures = read_given([template]).structures
    if len(structures) > 1:
        raise InputError(f"{template} holds {len(structures)} structures; a template is one")
    crystal = structures[0].structure
    parts = HeldParts(
        lattice=crystal.lattice if hold in ("framework", "lattice") else None,
        sites=crystal if hold in ("framework", "sites") else None,
        orbits=crystal if hold == "orbits" else None,
    )
    digest = file_hash(template, 16)
    return parts, {"held": hold, "template": digest}
