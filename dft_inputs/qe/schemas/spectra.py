"""Documents of densities of states, bands, the electron localisation function and phonons."""

from __future__ import annotations

from pydantic import BaseModel, Field


class DosDoc(BaseModel):
    """Density of states on a dense mesh."""

    formula: str
    energies: list[float] = Field(description="eV")
    densities: list[list[float]] = Field(description="[spins, energies] states/eV per cell")
    fermi_energy: float = Field(description="eV")
    at_fermi: float = Field(description="Density at the Fermi level, states/eV per cell")
    dir_name: str


class BandsDoc(BaseModel):
    """Bands along the high-symmetry path."""

    formula: str
    kpoints: list[list[float]] = Field(description="[n, 3] reciprocal fractional coordinates")
    labels: list[str] = Field(description="One per k-point, empty between the corners")
    eigenvalues: list[list[list[float]]] = Field(description="[spins, k-points, bands] eV")
    fermi_energy: float | None = Field(description="Of the scf, eV")
    band_gap: float | None = Field(description="On the path, eV; 0 for a metal")
    direct: bool | None
    dir_name: str


class ElfDoc(BaseModel):
    """Electron localisation function: 1 where localised, 1/2 as in the electron gas."""

    formula: str
    shape: tuple[int, int, int] = Field(description="Points of the grid along the lattice vectors")
    minimum: float
    maximum: float
    maximum_frac_coords: tuple[float, float, float] = Field(description="Where the maximum is")
    cube_file: str = Field(description="Gaussian cube file of the whole grid")


class GammaPhononDoc(BaseModel):
    """Phonons at Gamma by density-functional perturbation theory."""

    formula: str
    frequencies: list[float] = Field(description="1/cm, imaginary ones negative, ascending")
    unstable: bool = Field(description="Whether a mode other than a translation is imaginary")
    dir_name: str
