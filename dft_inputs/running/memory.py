"""Memory that a calculation will need, estimated before it starts."""

from __future__ import annotations

import math

import psutil

from dao_core.units import BOHR_ANGSTROM
from dft_inputs.kpoints import mesh_from_distance
from dft_inputs.protocols import get_protocol
from dft_inputs.pseudos import load_family
from dft_inputs.running.request import CalculationRequest

GIB = 1024.0**3
BASE = 0.05
"""Program, pseudopotential tables and libraries, GiB (measured on two-atom cells)."""

WORK_ARRAYS = 4.0
"""Copies of the wave functions of one k-point that the Davidson algorithm holds."""


def estimated_memory(request: CalculationRequest) -> float:
    """Memory of one calculation.

    Wave functions of all k-points are kept in memory (``disk_io = 'low'``); the number of plane
    waves is that of a sphere of radius sqrt(ecutwfc) in reciprocal space, the density grid that of
    the box around the sphere of radius sqrt(ecutrho).

    Args:
        request: What is asked for.

    Returns:
        GiB; 0 for VASP, whose memory is not estimated.
    """
    if request.method.code != "qe":
        return 0.0
    structure, settings = request.structure, request.level.settings
    family = load_family(request.method.pseudo_family)
    volume = structure.volume / BOHR_ANGSTROM**3
    plane_waves = volume * float(settings["ecutwfc"] or 0) ** 1.5 / (6 * math.pi**2)
    grid = volume * (2 * float(settings["ecutrho"] or 0) ** 0.5 / (2 * math.pi)) ** 3
    pseudos = family.pseudopotentials
    electrons = sum(pseudos[site.specie.symbol].z_valence for site in structure)
    bands = 0.6 * electrons + 4
    mesh = mesh_from_distance(structure, get_protocol(request.method.protocol).kpoint_distance)
    # Time reversal halves the mesh; other symmetries are not counted on.
    kpoints = max(1.0, math.prod(mesh) / 2)
    values = plane_waves * bands * (kpoints + WORK_ARRAYS) + 20 * grid
    return BASE + 16.0 * values / GIB


def free_memory() -> float:
    """Memory that is free on this machine now, GiB."""
    return float(psutil.virtual_memory().available) / GIB
