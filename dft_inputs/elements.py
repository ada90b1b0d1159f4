"""Crystals of the elements, the corners of every hull."""

from __future__ import annotations

from ase.build import bulk
from ase.data import atomic_numbers, reference_states
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dft_inputs.errors import InputError

_LATTICES = {"fcc", "bcc", "hcp", "diamond", "sc"}

_MOLECULES = {"H": 0.74, "N": 1.10, "O": 1.21, "F": 1.41, "Cl": 1.99}
"""Bond lengths in angstrom of the elements that are diatomic molecules."""

_MOLECULE_SPACING = 3.4
"""Distance of neighbouring molecules in angstrom, a van der Waals contact."""


def element_structure(symbol: str) -> Structure:
    """Crystal of an element, to be relaxed before its energy is used.

    Lattices and lattice constants are those of ASE's table of reference states. A diatomic element
    is set up as molecules side by side: their bond holds nearly all of the energy.

    Args:
        symbol: Element symbol.

    Returns:
        The crystal.

    Raises:
        InputError: If no simple crystal of the element is known; give one as a competing phase.
    """
    if symbol in _MOLECULES:
        length = _MOLECULE_SPACING + _MOLECULES[symbol]
        lattice = Lattice.tetragonal(_MOLECULE_SPACING, length)
        half = _MOLECULES[symbol] / 2 / length
        return Structure(lattice, [symbol] * 2, [[0, 0, half], [0, 0, -half]])
    state = reference_states[atomic_numbers[symbol]]
    if state is None or state.get("symmetry") not in _LATTICES:
        raise InputError(
            f"No simple crystal of {symbol} is known here. Give its ground state among the "
            "competing phases; without it there is no hull."
        )
    return AseAtomsAdaptor().get_structure(bulk(symbol))
