"""References: the energies that heights above hull are measured from."""

from dao_core.references.elements import ElementReference, element_references
from dao_core.references.literature import LiteratureEnergy, literature_energy

__all__ = [
    "ElementReference",
    "LiteratureEnergy",
    "element_references",
    "literature_energy",
]
