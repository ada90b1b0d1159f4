"""Neutral point defects and their formation energies."""

from dao_core.defects.formation import DefectEnergy, defect_energies
from dao_core.defects.point_defects import PointDefect, antisites, interstitials, vacancies

__all__ = [
    "DefectEnergy",
    "PointDefect",
    "antisites",
    "defect_energies",
    "interstitials",
    "vacancies",
]
