"""Fermi level, band gap and occupations from the bands in the XML file of pw.x."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from dao_core.units import HARTREE_EV

METAL_GAP = 0.05
"""Gaps below this (eV) are not told from zero on a mesh of k-points."""


class ElectronicStructure(BaseModel):
    """What the bands on the mesh of a calculation say."""

    fermi_energy: float | None = Field(description="Fermi level or highest occupied level, eV")
    band_gap: float | None = Field(
        description="Gap between the bands on the mesh, eV; 0 for a metal, None for an insulator "
        "computed without an empty band"
    )
    is_metal: bool
    direct: bool | None = Field(description="Whether the gap is at one k-point; None for a metal")
    n_electrons: float
    n_bands: int
    highest_band_occupation: float = Field(
        description="Largest occupation of the highest band: not 0 means too few bands"
    )
    total_magnetization: float | None = Field(description="Bohr magnetons per cell")
    absolute_magnetization: float | None = Field(description="Bohr magnetons per cell")


def electronic_structure(output: dict[str, Any]) -> ElectronicStructure:
    """Electronic structure of an ``output`` element.

    Args:
        output: The element.

    Returns:
        The electronic structure.
    """
    bands = output["band_structure"]
    eigenvalues, occupations = spin_bands(bands)
    gap, direct = _gap(eigenvalues, occupations, float(bands["nelec"]))
    is_metal = gap is not None and gap < METAL_GAP
    fermi = bands.get("fermi_energy", bands.get("highestOccupiedLevel"))
    magnetization = output.get("magnetization") or {}
    spin = bool(bands.get("lsda"))
    return ElectronicStructure(
        fermi_energy=None if fermi is None else float(fermi) * HARTREE_EV,
        band_gap=gap,
        is_metal=is_metal,
        direct=None if is_metal or gap is None else direct,
        n_electrons=float(bands["nelec"]),
        n_bands=eigenvalues.shape[2],
        highest_band_occupation=float(occupations[:, :, -1].max()),
        total_magnetization=magnetization.get("total") if spin else None,
        absolute_magnetization=magnetization.get("absolute") if spin else None,
    )


def spin_bands(bands: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and occupations of a ``band_structure`` element.

    Args:
        bands: The element.

    Returns:
        Both ``[spins, k-points, bands]``; eigenvalues in eV, occupations from 0 to 1.
    """
    shape = (len(bands["ks_energies"]), 2 if bands.get("lsda") else 1, -1)
    values = [entry["eigenvalues"]["$"] for entry in bands["ks_energies"]]
    filled = [entry["occupations"]["$"] for entry in bands["ks_energies"]]
    eigenvalues = np.array(values, dtype=float).reshape(shape).transpose(1, 0, 2) * HARTREE_EV
    occupations = np.array(filled, dtype=float).reshape(shape).transpose(1, 0, 2)
    return eigenvalues, occupations


def _gap(
    eigenvalues: np.ndarray, occupations: np.ndarray, n_electrons: float
) -> tuple[float | None, bool]:
    """Gap in eV and whether it is direct; bands are counted, so smearing does not blur it."""
    spins, _, n_bands = eigenvalues.shape
    filled = _filled_bands(occupations, n_electrons, spins)
    if filled is None or max(filled) > n_bands:
        return 0.0, False
    if max(filled) == n_bands:
        return None, False
    tops = [eigenvalues[spin, :, n - 1] for spin, n in enumerate(filled) if n > 0]
    bottoms = [eigenvalues[spin, :, n] for spin, n in enumerate(filled)]
    top, bottom = np.max(tops, axis=0), np.min(bottoms, axis=0)
    return max(0.0, float(bottom.min() - top.max())), bool(top.argmax() == bottom.argmin())


def _filled_bands(occupations: np.ndarray, n_electrons: float, spins: int) -> list[int] | None:
    """Filled bands per spin, None when the electrons do not fill whole bands."""
    if spins == 1:
        pairs = n_electrons / 2
        return [round(pairs)] if abs(pairs - round(pairs)) < 1e-3 else None
    # k-points differ in weight, but a filled band is filled at each of them.
    mean = occupations.mean(axis=1).sum(axis=1)
    filled = [round(float(n)) for n in mean]
    whole = np.abs(mean - filled).max() < 0.05 and abs(sum(filled) - n_electrons) < 1e-3
    return filled if whole else None
