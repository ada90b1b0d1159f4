"""Relaxing minima of one potential on with another."""

from __future__ import annotations

from collections.abc import Sequence

from pymatgen.core import Structure

from dao_core.crystal.symmetry import TIGHT_SYMPREC, standard_primitive
from dao_core.potentials import Potential
from dao_core.relax import OnFinish, Relaxation, RelaxSettings, relax


def start_of(minimum: Structure) -> Structure:
    """Where the refinement of a symmetrised minimum begins: its primitive, cheapest cell."""
    return standard_primitive(minimum, TIGHT_SYMPREC)


def refine(
    starts: Sequence[Structure],
    potential: Potential,
    searched_by: Potential,
    settings: RelaxSettings,
    on_finish: OnFinish | None = None,
) -> list[Relaxation]:
    """Relax minima of a search on, guarded by the potential that found them.

    Args:
        starts: minima, see :func:`start_of`.
        potential: refines them.
        searched_by: found them; where both are known to count energies from one zero and the other
            falls far below it, it fell into a hole.
        settings: criteria and pressure.
        on_finish: called with (position, result) when a crystal is done.
    """
    comparable = None not in {potential.domain.lowest_energy, searched_by.domain.lowest_energy}
    second = searched_by if comparable else None
    return relax(starts, potential, settings, on_finish, second=second)
