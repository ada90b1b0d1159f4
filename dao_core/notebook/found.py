"""One crystal of a landscape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ase import Atoms
from pymatgen.analysis.diffraction.core import DiffractionPattern
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.search.result import RankedCrystal

SYMPREC = 0.01
"""Angstrom."""


class FoundCrystal:
    """A crystal with its place in the ranking and what it came from.

    Attributes:
        row: All that the ranking says of it; energies in eV/atom.
        provenance: What makes the candidate again: source, model, seed, index.
    """

    def __init__(self, row: RankedCrystal, provenance: Mapping[str, Any]) -> None:
        self.row = row
        self.provenance = dict(provenance)

    def __getattr__(self, name: str) -> Any:
        """A column of the ranking: ``formula``, ``energy_above_hull``, ``space_group`` ..."""
        if name in RankedCrystal.model_fields and "row" in self.__dict__:
            return getattr(self.row, name)
        raise AttributeError(f"a crystal of a landscape has no {name!r}")

    @property
    def structure(self) -> Structure:
        """The relaxed cell."""
        return self.row.relaxed()

    @property
    def conventional(self) -> Structure:
        """The symmetrised conventional cell, or the relaxed one where none was found."""
        return self.row.symmetrised()

    def to_ase(self) -> Atoms:
        """The relaxed cell for ASE."""
        return self.structure.to_ase_atoms(msonable=False)

    def cif(self) -> str:
        """The conventional cell as CIF, with its symmetry."""
        return str(CifWriter(self.conventional, symprec=self.row.symprec))

    def xrd(self, wavelength: str | float = "CuKa") -> DiffractionPattern:
        """Its powder diffraction pattern: angles two theta in degrees, intensities up to 100.

        Args:
            wavelength: Of a common source by name, or in angstrom.
        """
        return XRDCalculator(wavelength).get_pattern(self.conventional)

    def __repr__(self) -> str:
        row = self.row
        above = row.energy_above_hull
        place = "no hull" if above is None else f"{above * 1000:.1f} meV/atom above the hull"
        return f"FoundCrystal({row.rank}: {row.formula} {row.space_group}, {place})"
