"""References: the energies that heights above hull are measured from."""

from dao_core.references.elements import (
    ElementReference,
    OwnElement,
    element_references,
    known_crystal,
    reference_of,
)
from dao_core.references.literature import LiteratureEnergy, literature_energy

__all__ = [
    "ElementReference",
    "LiteratureEnergy",
    "OwnElement",
    "element_references",
    "known_crystal",
    "literature_energy",
    "reference_of",
]
