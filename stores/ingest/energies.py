"""Energies of extended XYZ frames under the names that programs and people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.stress import voigt_6_to_full_3x3_stress
from pymatgen.core import Structure

CODES = "ref|dft|vasp|qe|espresso|cp2k|aims|gpaw|abinit|castep|pbe|pbesol|scan|r2scan|lda|hse"
ENERGY = re.compile(
    rf"(?:(?:{CODES})_?)?(?:total_?|tot_?|potential_?|free_?)?energy(?:_?(?:{CODES}))?|etot|toten",
    re.IGNORECASE,
)
"""Names of an energy of a cell, eV; energies of formation, of atoms or of anything else are not."""
FREE = re.compile("free_?energy", re.IGNORECASE)


@dataclass(frozen=True)
class FrameFacts:
    """What a frame says beside its crystal.

    Attributes:
        facts: fields of a label; empty without energy.
        notes: which name was taken, or which numbers were not.
    """

    facts: dict[str, Any]
    notes: tuple[str, ...] = ()


def facts_of_frame(structure: Structure) -> FrameFacts:
    """Energy (eV/atom), forces and stress that were read with a structure.

    ``energy`` is what ASE calls it. Where there is none, the one other name that means an energy is
    taken, and told; the free energy where nothing else is there. Forces and stress follow the name:
    ``REF_forces`` belong to ``REF_energy``.
    """
    calculator = getattr(structure, "calc", None)
    results: Mapping[str, Any] = calculator.results if calculator is not None else {}
    if "energy" in results:
        return FrameFacts(_facts(structure, results, "energy", results))
    numbers = {
        name: float(value)
        for name, value in {**structure.properties, **results}.items()
        if isinstance(value, int | float | np.number) and not isinstance(value, bool)
    }
    named = [name for name in numbers if ENERGY.fullmatch(name)]
    chosen = [name for name in named if not FREE.search(name)] or named
    if len(chosen) == 1:
        arrays = {**structure.properties, **structure.site_properties, **results}
        facts = _facts(structure, numbers, chosen[0], arrays)
        return FrameFacts(facts, (f"the energy is {chosen[0]}",))
    if chosen:
        return FrameFacts({}, (f"no energy taken; it may be any of {', '.join(sorted(chosen))}",))
    if numbers:
        return FrameFacts({}, (f"no energy; its numbers are {', '.join(sorted(numbers))}",))
    return FrameFacts({})


def _facts(
    structure: Structure, numbers: Mapping[str, Any], energy: str, arrays: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a label; forces and stress are looked for under the name of the energy."""
    facts: dict[str, Any] = {"energy_per_atom": float(numbers[energy]) / len(structure)}
    stem = FREE.sub("energy", energy).lower()
    lower = {name.lower(): value for name, value in arrays.items()}
    forces, stress = (lower.get(stem.replace("energy", word)) for word in ("forces", "stress"))
    if forces is not None:
        facts["forces"] = np.asarray(forces, dtype=float).tolist()
    if stress is not None:
        tensor = np.asarray(stress, dtype=float)
        full = voigt_6_to_full_3x3_stress(tensor) if tensor.size == 6 else tensor.reshape(3, 3)
        facts["stress"] = full.tolist()
    return facts
