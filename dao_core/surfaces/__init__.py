"""Slabs and their surface energies."""

from dao_core.surfaces.surface_energy import SurfaceEnergy, surface_energies

__all__ = ["SurfaceEnergy", "surface_energies"]
