"""Crystals of the elements, the corners of every hull."""

from __future__ import annotations

import importlib

from ase.build import bulk
from ase.data import atomic_numbers, reference_states
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from dao_core.errors import InputError

_LATTICES = {"fcc", "bcc", "hcp", "diamond", "sc"}

_MOLECULES = {"H": 0.74, "N": 1.10, "O": 1.21, "F": 1.41, "Cl": 1.99}
"""Bond lengths in angstrom of the elements that are diatomic molecules."""

_MOLECULE_SPACING = 3.4
"""Distance of neighbouring molecules in angstrom, a van der Waals contact."""

_PROTOTYPES: dict[str, tuple[str, str, float]] = {
    "As": ("A_hR2_166_c", "As", 21.3),
    "B": ("A_hR12_166_2h", "B", 7.3),
    "Bi": ("A_hR2_166_c", "As", 35.4),
    "Br": ("A_oC8_64_f", "I", 33.5),
    "C": ("A_hP4_194_bc", "C", 8.8),
    "Ga": ("A_oC8_64_f", "Ga", 19.6),
    "Hg": ("A_hR1_166_a", "Hg", 23.0),
    "I": ("A_oC8_64_f", "I", 40.6),
    "In": ("A_tI2_139_a", "In", 26.2),
    "La": ("A_hP4_194_ac", "La", 37.3),
    "P": ("A_oC8_64_f", "P", 19.0),
    "S": ("A_oF128_70_4h", "S", 25.8),
    "Sb": ("A_hR2_166_c", "As", 30.2),
    "Se": ("A_hP3_152_a", "Se", 27.3),
    "Te": ("A_hP3_152_a", "Se", 34.0),
}
"""AFLOW label and element of the prototype of a ground state, and its volume, angstrom^3/atom.

ASE's table names no lattice for most of these, and for selenium and tellurium one in which their
chains cannot form. Carbon is graphite: diamond lies 0.1 eV/atom above it, in experiment and PBE
alike, or nearly so.
"""

_TIN_DIAMOND = 6.49
"""Lattice constant in angstrom of grey tin, the ground state."""


def element_structure(symbol: str) -> Structure:
    """Crystal of an element, to be relaxed before its energy is used.

    Lattices and lattice constants are those of ASE's table of reference states, or of the AFLOW
    library of prototypes that pymatgen carries. A diatomic element is set up as molecules side by
    side: their bond holds nearly all of the energy.

    Args:
        symbol: Element symbol.

    Returns:
        The crystal.

    Raises:
        InputError: If no crystal of the element is known; give one as a competing phase.
    """
    if symbol in _MOLECULES:
        length = _MOLECULE_SPACING + _MOLECULES[symbol]
        lattice = Lattice.tetragonal(_MOLECULE_SPACING, length)
        half = _MOLECULES[symbol] / 2 / length
        return Structure(lattice, [symbol] * 2, [[0, 0, half], [0, 0, -half]])
    if symbol in _PROTOTYPES:
        return _from_prototype(symbol, *_PROTOTYPES[symbol])
    if symbol == "Sn":
        return AseAtomsAdaptor().get_structure(bulk(symbol, "diamond", a=_TIN_DIAMOND))
    state = reference_states[atomic_numbers[symbol]]
    if state is None or state.get("symmetry") not in _LATTICES:
        raise InputError(
            f"No simple crystal of {symbol} is known here. Give its ground state among the "
            "competing phases; without it there is no hull."
        )
    return AseAtomsAdaptor().get_structure(bulk(symbol))


def _from_prototype(symbol: str, label: str, element: str, volume: float) -> Structure:
    # The library takes a second to load: only these elements pay for it.
    library = importlib.import_module("pymatgen.analysis.prototypes").AFLOW_PROTOTYPE_LIBRARY
    crystal: Structure = next(
        entry["snl"].structure.copy()
        for entry in library
        if entry["tags"]["aflow"] == label
        and entry["snl"].structure.composition.chemical_system == element
    )
    crystal.replace_species({element: symbol})
    crystal.scale_lattice(volume * len(crystal))
    return crystal
