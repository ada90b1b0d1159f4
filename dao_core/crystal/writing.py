"""Writing many crystals into one extended XYZ file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import ase.io
from ase import Atoms
from pymatgen.core import Structure

from dao_core.drafts import draft_of

Fact: TypeAlias = str | int | float | bool


def write_extxyz(
    structures: Sequence[Structure], facts: Sequence[Mapping[str, Fact]], file: Path
) -> Path:
    """Write ordered crystals, with what is known of each, as one extended XYZ file.

    Args:
        structures: Ordered periodic structures; positions are written in angstrom.
        facts: For each structure the key-value pairs of its comment line. A key ``energy`` is by
            convention of the format the total energy of the cell in eV.
        file: The file to write; an older one is replaced whole. No structures: an empty file.

    Returns:
        The file.
    """
    frames = []
    for structure, pairs in zip(structures, facts, strict=True):
        atoms = Atoms(
            numbers=structure.atomic_numbers,
            scaled_positions=structure.frac_coords,
            cell=structure.lattice.matrix,
            pbc=True,
        )
        atoms.info = {key: _one_line(value) for key, value in pairs.items()}
        frames.append(atoms)
    with draft_of(file) as draft:
        draft.touch()
        if frames:  # ASE refuses to write no frames
            ase.io.write(draft, frames, format="extxyz")
    return file


def _one_line(value: Fact) -> Fact:
    """A value without line breaks or control characters, which would break the frame."""
    if not isinstance(value, str):
        return value
    return "".join(character if character.isprintable() else " " for character in value)
