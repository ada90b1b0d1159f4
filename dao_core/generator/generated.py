"""One sample of DAO-G, and what made it."""

from __future__ import annotations

from dataclasses import dataclass

from pymatgen.core import Structure


@dataclass(frozen=True)
class GeneratedCrystal:
    """One sample and what made it.

    Attributes:
        structure: a prototype as it is, or as it came out of noise, symmetry P1.
        formula: the composition asked for, all atoms of the cell.
        index: number of the sample within its composition, from 0.
        seed: the seed given to :meth:`Generator.generate`.
        outside_domain: why the cell lies outside what the model was trained on, or None.
        prototype: number of the prototype in the model's library that it is; None for samples
            that started from noise.
        probability: of that prototype for the composition, as the model sees it.
    """

    structure: Structure
    formula: str
    index: int
    seed: int
    outside_domain: str | None = None
    prototype: int | None = None
    probability: float | None = None
