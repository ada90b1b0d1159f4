"""``dao surface`` and ``dao layer``: surface energies, reconstructions, layers with vacuum."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.errors import DaoError
from dao_core.generator.generate import load_generator
from dao_core.potentials import Potential, load_potential
from dao_core.surfaces import SurfaceEnergy, reconstruct, relax_layer, surface_energies
from flows.campaign import progress
from flows.campaign.preflight import check_output_folder
from flows.interpretation.keeping import keep
from flows.model_files import model_file
from flows.validation.crystals import Crystal, find_crystals
from stores import open_store

STAGE = "surfaces"


def surfaces_of_given(
    words: Sequence[str],
    miller_index: tuple[int, int, int],
    potential: str,
    thickness: float,
    tops: tuple[tuple[int, int], int, str | None],
    out: Path,
    store: str | None,
) -> dict[str, Any]:
    """Cut a surface of each crystal and find the energies of its terminations.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        miller_index: Of the conventional cell.
        potential: Name of the potential.
        thickness: Of the slabs, angstrom, at least.
        tops: Surface cell, number of reconstructions tried on the lowest termination (0 for none),
            and the generator that makes half of them, or None.
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
        settings = {"miller_index": list(miller_index), "thickness": thickness, "tops": list(tops)}
        progress.begin(STAGE, len(found.crystals))
        for crystal in found.crystals:
            try:
                energies = surface_energies(crystal.structure, miller_index, loaded, thickness)
                record = _record(crystal, miller_index, energies, out)
                record["reconstructions"] = _tops(crystal, energies, loaded, tops, out)
                flags = [_domain(crystal.structure, loaded), *(e.note for e in energies)]
                record["flags"] = [flag for flag in flags if flag]
                identity = keep(
                    opened, "surface", crystal, loaded.level, settings, record, record["flags"]
                )
                records.append({"interpretation_id": identity, **record})
            except DaoError as error:
                failures.append({"file": crystal.name, "reason": str(error)})
            progress.advance(STAGE, 1)
        uri = opened.uri
    return {"level": loaded.level, "store": uri, "structures": records, "failures": failures}


def _record(
    crystal: Crystal,
    miller_index: tuple[int, int, int],
    energies: Sequence[SurfaceEnergy],
    out: Path,
) -> dict[str, Any]:
    return {
        "file": crystal.name,
        "formula": crystal.structure.composition.reduced_formula,
        "miller_index": list(miller_index),
        "terminations": [
            {
                "surface_energy": one.surface_energy,
                "unrelaxed": one.unrelaxed,
                "natoms": None if one.slab is None else len(one.slab),
                "note": one.note,
                "cif": _write(one.slab, crystal, f"slab_{place}", out),
            }
            for place, one in enumerate(energies)
        ],
    }


def _tops(
    crystal: Crystal,
    energies: Sequence[SurfaceEnergy],
    potential: Potential,
    tops: tuple[tuple[int, int], int, str | None],
    out: Path,
) -> list[dict[str, Any]]:
    """Reconstructions of the lowest termination."""
    cell, number, model = tops
    slab = next((one.slab for one in energies if one.slab is not None), None)
    if not number or slab is None:
        return []
    generator = None if model is None else load_generator(model_file(model))
    return [
        {
            "energy_gain": one.energy_gain,
            "surface_energy_change": one.surface_energy_change,
            "origin": one.origin,
            "population": one.population,
            "cif": _write(one.structure, crystal, f"top_{place}", out),
        }
        for place, one in enumerate(reconstruct(slab, potential, cell, number, generator))
    ]


def layers_of_given(
    words: Sequence[str], potential: str, vacuum: float | None, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax layers while their vacuum stays.

    Args:
        words: As for :func:`surfaces_of_given`.
        potential: Name of the potential.
        vacuum: angstrom; None leaves it as it is.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` and ``failures``.

    Raises:
        DaoError: Nothing can be read, or something is missing.
    """
    check_output_folder(out)
    records: list[dict[str, Any]] = []
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        loaded = load_potential(potential)
        failures = list(found.failures)
        for crystal in found.crystals:
            try:
                layer = relax_layer(crystal.structure, loaded, vacuum)
            except DaoError as error:
                failures.append({"file": crystal.name, "reason": str(error)})
                continue
            records.append(
                {
                    "file": crystal.name,
                    "formula": crystal.structure.composition.reduced_formula,
                    "energy_per_atom": layer.energy_per_atom,
                    "vacuum": layer.vacuum,
                    "thickness": layer.thickness,
                    "note": layer.note,
                    "outside_domain": _domain(layer.structure, loaded),
                    "cif": _write(layer.structure, crystal, "layer", out),
                }
            )
        uri = opened.uri
    failures += [{"file": r["file"], "reason": r["note"]} for r in records if r["note"]]
    return {"level": loaded.level, "store": uri, "structures": records, "failures": failures}


def _domain(structure: Structure, potential: Potential) -> str | None:
    return potential.domain.objection(structure)


def _write(structure: Structure | None, crystal: Crystal, what: str, out: Path) -> str | None:
    if structure is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{Path(crystal.name).stem}_{what}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
