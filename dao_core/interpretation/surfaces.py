"""Surface energies, reconstructions, layers with vacuum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dao_core.crystal.asked import Crystal
from dao_core.errors import InputError
from dao_core.generator.generate import load_generator
from dao_core.interpretation.finding import Finding, write_cif
from dao_core.model_files import model_file
from dao_core.potentials import Potential
from dao_core.surfaces import SurfaceEnergy, reconstruct, relax_layer, surface_energies
from dao_core.surfaces.surface_energy import THICKNESS


@dataclass(frozen=True)
class SurfaceSettings:
    """What decides the energies of a surface beside crystal and level.

    Attributes:
        miller_index: Of the conventional cell.
        thickness: Of the slabs, angstrom, at least.
        tops: Number of reconstructions tried on the lowest termination.
        cell: Surface cell of the reconstructions.
        model: Generator that makes half of them, or None.
    """

    miller_index: tuple[int, int, int]
    thickness: float = THICKNESS
    tops: int = 0
    cell: tuple[int, int] = (2, 1)
    model: str | None = None


def interpret_surface(
    crystal: Crystal, potential: Potential, settings: SurfaceSettings, out: Path
) -> Finding:
    """Energies of the terminations of one surface, and tops of the lowest.

    Args:
        crystal: The crystal.
        potential: The level.
        settings: Which surface.
        out: Folder of the CIFs.

    Raises:
        InputError: There is no such surface, or the crystal cannot be relaxed.
    """
    index = settings.miller_index
    energies = surface_energies(crystal.structure, index, potential, settings.thickness)
    figures = {
        "miller_index": list(index),
        "terminations": _terminations(crystal, energies, out),
        "reconstructions": _tops(crystal, energies, potential, settings, out),
    }
    slabs = [one.slab for one in energies if one.slab is not None]
    objections = {potential.domain.objection(slab) for slab in slabs or [crystal.structure]}
    flags = [*sorted(filter(None, objections)), *(one.note for one in energies)]
    return Finding(asdict(settings), figures, flags)


def _terminations(
    crystal: Crystal, energies: Sequence[SurfaceEnergy], out: Path
) -> list[dict[str, Any]]:
    return [
        {
            "surface_energy": one.surface_energy,
            "unrelaxed": one.unrelaxed,
            "energy_std": one.energy_std,
            "natoms": None if one.slab is None else len(one.slab),
            "note": one.note,
            "cif": None if one.slab is None else write_cif(one.slab, crystal, f"slab_{place}", out),
        }
        for place, one in enumerate(energies)
    ]


def _tops(
    crystal: Crystal,
    energies: Sequence[SurfaceEnergy],
    potential: Potential,
    settings: SurfaceSettings,
    out: Path,
) -> list[dict[str, Any]]:
    """Reconstructions of the lowest termination."""
    number, model = settings.tops, settings.model
    slab = next((one.slab for one in energies if one.slab is not None), None)
    if not number or slab is None:
        return []
    generator = None if model is None else load_generator(model_file(model))
    made = reconstruct(slab, potential, settings.cell, number, generator)
    return [
        {
            "energy_gain": one.energy_gain,
            "surface_energy_change": one.surface_energy_change,
            "origin": one.origin,
            "population": one.population,
            "cif": write_cif(one.structure, crystal, f"top_{place}", out),
        }
        for place, one in enumerate(made)
    ]


def interpret_layer(
    crystal: Crystal, potential: Potential, vacuum: float | None, out: Path
) -> Finding:
    """Relax a layer while its vacuum stays.

    Args:
        crystal: The layer, its vacuum along c.
        potential: The level.
        vacuum: angstrom; None leaves it as it is.
        out: Folder of the CIF.

    Raises:
        InputError: It is no layer, or cannot be relaxed.
    """
    layer = relax_layer(crystal.structure, potential, vacuum)
    if layer.note:
        raise InputError(layer.note)
    figures = {
        "energy_per_atom": layer.energy_per_atom,
        "energy_std": layer.energy_std,
        "vacuum": layer.vacuum,
        "thickness": layer.thickness,
        "cif": write_cif(layer.structure, crystal, "layer", out),
    }
    flags = [potential.domain.objection(layer.structure)]
    return Finding({"vacuum": vacuum}, figures, flags)
