"""``dao defects``: neutral vacancies, antisites and interstitials, and their formation energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.defects import PointDefect, antisites, defect_energies, interstitials, vacancies
from dao_core.defects.point_defects import supercell
from dao_core.errors import DaoError, InputError
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax
from dft_inputs.elements import element_structure
from dft_inputs.errors import DftError
from flows.campaign import progress
from flows.campaign.preflight import check_output_folder
from flows.interpretation.keeping import keep
from flows.validation.crystals import Crystal, find_crystals
from stores import open_store

STAGE = "defects"


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
    check_output_folder(out)
    records = []
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(potential)
        failures = list(found.failures)
        known = dict(chemical_potentials)
        progress.begin(STAGE, len(found.crystals))
        for crystal in found.crystals:
            try:
                record = _record(crystal, loaded, extra, known, min_length, out)
            except (DaoError, DftError) as error:
                failures.append({"file": crystal.name, "reason": str(error)})
                continue
            settings = {"min_length": min_length, "mu": record["chemical_potentials"]}
            flags = record["flags"]
            identity = keep(opened, "defects", crystal, loaded.level, settings, record, flags)
            records.append({"interpretation_id": identity, **record})
            progress.advance(STAGE, 1)
        uri = opened.uri
    return {"level": loaded.level, "store": uri, "structures": records, "failures": failures}


def _record(
    crystal: Crystal,
    potential: Potential,
    extra: Sequence[str],
    known: dict[str, float],
    min_length: float,
    out: Path,
) -> dict[str, Any]:
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
    cells = {energy.name: energy.structure for energy in energies}
    flags = ["neutral defects only: charged ones may be lower in an insulator"]
    outside = potential.domain.objection(perfect)
    return {
        "file": crystal.name,
        "formula": bulk.composition.reduced_formula,
        "natoms": len(perfect),
        "chemical_potentials": {symbol: known[symbol] for symbol in symbols},
        "defects": [
            {
                "name": one.name,
                "formation_energy": one.formation_energy,
                "added": dict(defect.added),
                "note": one.note,
                "cif": _write(cells[one.name], crystal, defect, out),
            }
            for one, defect in zip(energies, defects, strict=True)
        ],
        "flags": [*flags, *([outside] if outside else [])],
    }


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


def _write(structure: Structure, crystal: Crystal, defect: PointDefect, out: Path) -> str:
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{Path(crystal.name).stem}_{defect.name}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
