"""Writing a selection: CIF, extended XYZ, Parquet, ComputedStructureEntry JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
from monty.serialization import dumpfn
from pymatgen.entries.computed_entries import ComputedStructureEntry
from pymatgen.io.cif import CifWriter

from dao_core.crystal.writing import write_extxyz
from dao_core.errors import InputError
from stores.export.selection import Selected

_UNSAFE = re.compile(r"[^\w.+-]+")


def write_cif(selected: Iterable[Selected], folder: Path) -> list[Path]:
    """One P1 CIF per structure, named by formula and id, in a folder.

    Returns:
        The files, in the order of the selection.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for one in selected:
        name = _UNSAFE.sub("_", f"{one.structure.composition.reduced_formula}_{one.id}")
        files.append(folder / f"{name}.cif")
        CifWriter(one.structure).write_file(files[-1])
    return files


def write_extxyz_file(selected: Iterable[Selected], file: Path) -> list[Path]:
    """One extended XYZ file; ``energy`` is the total energy of the cell in eV."""
    chosen = list(selected)
    facts = []
    for one in chosen:
        pairs = {"id": one.id, **one.facts}
        if "energy_per_atom" in pairs:
            pairs["energy"] = pairs["energy_per_atom"] * len(one.structure)
        facts.append(pairs)
    return [write_extxyz([one.structure for one in chosen], facts, file)]


def write_parquet(selected: Iterable[Selected], file: Path) -> list[Path]:
    """One row per structure: id, facts, lattice rows (angstrom), atomic numbers, coordinates."""
    rows = [
        {
            "id": one.id,
            **one.facts,
            "lattice": one.structure.lattice.matrix.tolist(),
            "atomic_numbers": list(one.structure.atomic_numbers),
            "frac_coords": one.structure.frac_coords.tolist(),
        }
        for one in selected
    ]
    draft = file.with_name(file.name + ".tmp")
    pd.DataFrame(rows).to_parquet(draft, index=False)
    return [draft.replace(file)]


def write_computed_entries(selected: Iterable[Selected], file: Path) -> list[Path]:
    """A JSON list of pymatgen's ComputedStructureEntry, energies uncorrected at their level.

    Raises:
        InputError: a structure of the selection has no energy.
    """
    entries = []
    for one in selected:
        if "energy_per_atom" not in one.facts:
            raise InputError(f"{one.id} has no energy; query thermo, relaxations or labels")
        energy = one.facts["energy_per_atom"] * len(one.structure)
        data = {name: value for name, value in one.facts.items() if name != "energy_per_atom"}
        entries.append(ComputedStructureEntry(one.structure, energy, data=data, entry_id=one.id))
    draft = file.with_name(f".{file.stem}.tmp.json")
    dumpfn(entries, draft)
    return [draft.replace(file)]


FORMATS: dict[str, Callable[[Iterable[Selected], Path], list[Path]]] = {
    "cif": write_cif,
    "extxyz": write_extxyz_file,
    "parquet": write_parquet,
    "entries": write_computed_entries,
}
"""Name of a format -> function that writes a selection to a file (CIF: to a folder)."""
