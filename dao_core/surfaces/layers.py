"""Layers of two dimensions, whose vacuum stays while they relax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pymatgen.core import Lattice, Structure

from dao_core.crystal.vacuum import LEAST_VACUUM, widest_gap
from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.relax import RelaxSettings, relax


@dataclass(frozen=True)
class RelaxedLayer:
    """A layer in its cell with vacuum along c.

    Attributes:
        structure: relaxed; its height is that of the start.
        energy_per_atom: eV/atom, or None.
        vacuum: angstrom between the layer and its image, at the end.
        thickness: of the layer, angstrom, at the end.
        level: of the energy.
        note: why it is not final, or None.
        energy_std: the potential's own uncertainty, eV/atom, or None.
    """

    structure: Structure
    energy_per_atom: float | None
    vacuum: float
    thickness: float
    level: str
    note: str | None = None
    energy_std: float | None = None


def relax_layer(
    layer: Structure, potential: Potential, vacuum: float | None = None
) -> RelaxedLayer:
    """Relax atoms and the plane of a layer; along c the cell stays.

    Args:
        layer: periodic along a and b, vacuum along c.
        potential: the level.
        vacuum: angstrom; the cell is given so much before the relaxation. None leaves it.

    Raises:
        InputError: there is no gap along c, or the vacuum is too small for the layer to be alone.
    """
    flat = _upright(layer, vacuum)
    found = widest_gap(flat, 2).width
    if found < LEAST_VACUUM:
        raise InputError(
            f"{layer.formula} has {found:.1f} angstrom of vacuum along c, less than "
            f"{LEAST_VACUUM:g}: give more, or it is no layer"
        )
    (end,) = relax([flat], potential, RelaxSettings(fix_height=True))
    gap = widest_gap(end.structure, 2).width
    return RelaxedLayer(
        structure=end.structure,
        energy_per_atom=end.energy_per_atom,
        vacuum=gap,
        thickness=end.structure.lattice.c - gap,
        level=end.level,
        note=None if end.converged else f"not relaxed to the end: {end.error or end.stop_reason}",
        energy_std=end.energy_std,
    )


def _upright(layer: Structure, vacuum: float | None) -> Structure:
    """The layer in the middle of a cell whose c is perpendicular to a and b."""
    a, b, c = layer.lattice.matrix
    normal = np.cross(a, b)
    normal /= np.linalg.norm(normal)
    height = abs(float(c @ normal))
    gap = widest_gap(layer, 2)
    # Heights from above the gap on are the layer as a whole, cut by no boundary.
    heights = ((layer.frac_coords[:, 2] - gap.end) % 1.0) * height
    tall = height if vacuum is None else height - gap.width + vacuum
    flat = layer.cart_coords - np.outer(layer.cart_coords @ normal, normal)
    shifted = heights - (heights.min() + heights.max()) / 2 + tall / 2
    lattice = Lattice([a, b, normal * tall])
    return Structure(
        lattice, layer.species, flat + np.outer(shifted, normal), coords_are_cartesian=True
    )
