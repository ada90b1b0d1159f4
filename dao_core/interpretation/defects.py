"""Neutral vacancies, antisites and interstitials, and their formation energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

from pymatgen.core import Structure

from dao_core.crystal.asked import Crystal
from dao_core.defects import antisites, defect_energies, interstitials, vacancies
from dao_core.defects.point_defects import MIN_LENGTH, PointDefect, supercell
from dao_core.elements.ground_states import element_structure
from dao_core.errors import InputError
from dao_core.interpretation.finding import Finding, write_cif
from dao_core.potentials import Potential
from dao_core.relax import RelaxSettings, relax


@dataclass(frozen=True)
class DefectSettings:
    """What decides the energies of defects beside crystal and level.

    Attributes:
        min_length: Of the supercells, angstrom.
        extra: Elements of interstitials beside those of the crystal.
        chemical_potentials: eV/atom at the level; those not given are the energies of the common
            elements' crystals, relaxed at the level.
    """

    min_length: float = MIN_LENGTH
    extra: tuple[str, ...] = ()
    chemical_potentials: Mapping[str, float] = field(default_factory=dict)


def interpret_defects(
    crystal: Crystal,
    potential: Potential,
    settings: DefectSettings,
    energies: dict[str, float],
    out: Path,
) -> Finding:
    """Relax the point defects of one crystal and find their formation energies.

    Args:
        crystal: The crystal.
        potential: The level.
        settings: Of which defects.
        energies: Chemical potentials, eV/atom; those that are missing are found and added.
        out: Folder of the CIFs.

    Raises:
        InputError: The crystal or an element cannot be relaxed.
    """
    (relaxed,) = relax([crystal.structure], potential, RelaxSettings(fix_symmetry=True))
    if not relaxed.converged:
        raise InputError(f"{crystal.name} could not be relaxed: {relaxed.stop_reason}")
    bulk = relaxed.structure
    symbols = sorted({element.symbol for element in bulk.elements} | set(settings.extra))
    defects = _defects(bulk, symbols, settings.min_length)
    for symbol in symbols:
        if symbol not in energies:
            energies[symbol] = _element_energy(symbol, potential)
    perfect = supercell(bulk, settings.min_length)
    found = defect_energies(perfect, defects, energies, potential)
    figures = {
        "natoms": len(perfect),
        "chemical_potentials": {symbol: energies[symbol] for symbol in symbols},
        "defects": [
            {
                "name": one.name,
                "formation_energy": one.formation_energy,
                "energy_std": one.energy_std,
                "added": dict(defect.added),
                "note": one.note,
                "cif": write_cif(one.structure, crystal, one.name, out),
            }
            for one, defect in zip(found, defects, strict=True)
        ],
    }
    flags = [
        "neutral defects only: charged ones may be lower in an insulator",
        potential.domain.objection(perfect),
        potential.domain.objection_to_defects,
    ]
    return Finding(asdict(settings), figures, flags)


def _defects(bulk: Structure, symbols: Sequence[str], min_length: float) -> list[PointDefect]:
    """Vacancies, antisites, and interstitials of all elements."""
    return [
        *vacancies(bulk, min_length),
        *antisites(bulk, min_length),
        *chain.from_iterable(interstitials(bulk, symbol, min_length) for symbol in symbols),
    ]


def _element_energy(symbol: str, potential: Potential) -> float:
    """Energy per atom of the common crystal of an element at the level, eV.

    Raises:
        InputError: The element's crystal is not known or cannot be relaxed.
    """
    (end,) = relax([element_structure(symbol)], potential, RelaxSettings())
    if not end.converged or end.energy_per_atom is None:
        raise InputError(
            f"{symbol} could not be relaxed ({end.error or end.stop_reason}): give its chemical "
            f"potential with --mu {symbol}=ENERGY"
        )
    return end.energy_per_atom
