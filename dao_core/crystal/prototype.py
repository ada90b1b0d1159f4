"""Prototype labels in the manner of AFLOW.

Apart from ``symmetry`` because pymatgen reads its whole library of prototypes on import, which
takes seconds that only those pay who want a label.
"""

from __future__ import annotations

import warnings

from pymatgen.analysis.prototypes import get_protostructure_label_from_moyopy

from dao_core.crystal.symmetry import IDEAL_SYMPREC, SymmetrisedCrystal


def prototype_label(crystal: SymmetrisedCrystal) -> str:
    """AFLOW label without the elements, e.g. ``AB_cF8_225_a_b`` (Goodall 2022, ``aviary``)."""
    with warnings.catch_warnings():
        # pymatgen calls a deprecated gcd of monty here.
        warnings.simplefilter("ignore", FutureWarning)
        label = get_protostructure_label_from_moyopy(crystal.conventional, symprec=IDEAL_SYMPREC)
    return str(label).partition(":")[0]
