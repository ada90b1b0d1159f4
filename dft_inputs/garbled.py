"""What reading the output of a program raises when the output is not what it should be.

Apart from the typed errors, which the command line needs before it loads pymatgen.
"""

from __future__ import annotations

from pymatgen.core.structure import StructureError

GARBLED = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(StructureError, Warning),  # as pymatgen raises them
)
"""What reading output raises when something in it is absent, doubled or not a number."""
