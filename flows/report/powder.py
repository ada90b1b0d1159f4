"""Powder patterns of ranked structures: what a diffractometer would see of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pymatgen.analysis.diffraction.xrd import XRDCalculator

from flows.report.summary import RankedStructure

RADIATION = "CuKa"
ANGLES = (10.0, 90.0)
"""Degrees of 2 theta."""
ATOMS_COMPUTED = 100
"""Of larger cells the pattern takes seconds; the P1 cell has fewer atoms, else there is none."""


@dataclass(frozen=True)
class Reflection:
    """One line of a pattern.

    Attributes:
        two_theta: Degrees.
        intensity: Of 100 for the strongest.
        hkl: Miller indices of the planes, Miller-Bravais for hexagonal cells.
        spacing: Between the planes, angstrom.
    """

    two_theta: float
    intensity: float
    hkl: str
    spacing: float


def powder_pattern(row: RankedStructure) -> list[Reflection]:
    """The pattern of a structure under CuKa, by pymatgen; empty where it cannot be computed.

    Args:
        row: Of a ranking; its conventional cell is taken.
    """
    crystal = row.symmetrised()
    if len(crystal) > ATOMS_COMPUTED:
        crystal = row.relaxed()
    if len(crystal) > ATOMS_COMPUTED:
        return []
    try:
        pattern = XRDCalculator(RADIATION).get_pattern(crystal, two_theta_range=ANGLES)
    except ValueError:  # an element without tabulated scattering parameters
        return []
    return [
        Reflection(
            round(float(angle), 3), round(float(height), 2), _named(planes), round(float(gap), 4)
        )
        for angle, height, planes, gap in zip(
            pattern.x, pattern.y, pattern.hkls, pattern.d_hkls, strict=True
        )
    ]


def as_csv_link(reflections: Sequence[Reflection]) -> str:
    """A pattern as the address of a CSV file that lies within the page.

    Args:
        reflections: Of one structure.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["two_theta_deg", "intensity", "hkl", "d_angstrom"])
    writer.writerows([r.two_theta, r.intensity, r.hkl, r.spacing] for r in reflections)
    return f"data:text/csv;charset=utf-8,{quote(text.getvalue())}"


def _named(planes: Sequence[dict[str, tuple[int, ...]]]) -> str:
    """``(1 1 1) (2 0 0)``."""
    return " ".join(f"({' '.join(map(str, one['hkl']))})" for one in planes)
