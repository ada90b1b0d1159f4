"""Slabs and their surface energies, reconstructions, and layers with vacuum."""

from dao_core.surfaces.layers import RelaxedLayer, relax_layer
from dao_core.surfaces.reconstruction import Reconstruction, reconstruct
from dao_core.surfaces.surface_energy import SurfaceEnergy, surface_energies

__all__ = [
    "Reconstruction",
    "RelaxedLayer",
    "SurfaceEnergy",
    "reconstruct",
    "relax_layer",
    "surface_energies",
]
