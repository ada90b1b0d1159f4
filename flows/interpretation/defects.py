"""``dao defects``: neutral vacancies, antisites and interstitials, and their formation energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dao_core.defects import antisites, defect_energies, interstitials, vacancies
from dao_core.defects.point_defects import supercell
from dao_core.errors import InputError
from dao_core.potentials import Potential
from dao_core.relax import RelaxSettings, relax
from dft_inputs.elements import element_structure
from flows.interpretation.each import Finding, interpret_each, write_cif
from flows.validation.crystals import Crystal
from stores import DaoStore


def defects_of_given(
    words: Sequence[str],
    potential: str,
    extra: Sequence[str],
    chemical_potentials: Mapping[str, float],
    min_length: float,
    out: Path,
    store: str | None,
) -> dict[str, Any]:
    """Relax the point defects of crystals and find their formation energies.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        potential: Name of the potential.
        extra: Elements of interstitials beside those of the crystal.
        chemical_potentials: eV/atom at the level; those not given are the energies of the common
            elements' crystals, relaxed at the level.
        min_length: Of the supercells, angstrom.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be read, or something is missing.
    """
    known = dict(chemical_potentials)

    def look(crystal: Crystal, loaded: Potential, _: DaoStore) -> Finding:
        return _finding(crystal, loaded, extra, known, min_length, out)

    return interpret_each(words, "defects", potential, out, store, look)


def _finding(
    crystal: Crystal,
    potential: Potential,
    extra: Sequence[str],
    known: dict[str, float],
    min_length: float,
    out: Path,
) -> Finding:
    (relaxed,) = relax([crystal.structure], potential, RelaxSettings(fix_symmetry=True))
    if not relaxed.converged:
        raise InputError(f"{crystal.name} could not be relaxed: {relaxed.stop_reason}")
    bulk = relaxed.structure
    symbols = sorted({element.symbol for element in bulk.elements} | set(extra))
    defects = [*vacancies(bulk, min_length), *antisites(bulk, min_length)]
    for symbol in symbols:
        defects += interstitials(bulk, symbol, min_length)
    for symbol in symbols:
        if symbol not in known:
            known[symbol] = _element_energy(symbol, potential)
    perfect = supercell(bulk, min_length)
    energies = defect_energies(perfect, defects, known, potential)
    chosen = {symbol: known[symbol] for symbol in symbols}
    figures = {
        "natoms": len(perfect),
        "chemical_potentials": chosen,
        "defects": [
            {
                "name": one.name,
                "formation_energy": one.formation_energy,
                "energy_std": one.energy_std,
                "added": dict(defect.added),
                "note": one.note,
                "cif": write_cif(one.structure, crystal, one.name, out),
            }
            for one, defect in zip(energies, defects, strict=True)
        ],
    }
    flags = [
        "neutral defects only: charged ones may be lower in an insulator",
        potential.domain.objection(perfect),
    ]
    return Finding({"min_length": min_length, "mu": chosen}, figures, flags)


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
