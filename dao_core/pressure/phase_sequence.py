"""Which polymorph is stable at which pressure, and where one gives way to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq

from dao_core.errors import InputError
from dao_core.pressure.compression import CompressionCurve
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

GRID = 400
"""Pressures at which the lowest enthalpy is looked for before a crossing is refined."""


@dataclass(frozen=True)
class Transition:
    """The crossing of two enthalpy curves.

    Attributes:
        below: name of the polymorph that is stable below.
        above: name of the one that is stable above.
        pressure: GPa.
        pressure_std: GPa, from the potential's own uncertainty of both energies divided by the
            volume change (d(dH)/dp = dV), or None where there is none. Errors that both
            polymorphs share cancel in truth but not here.
        volume_change: cubic angstrom per atom, negative on compression.
    """

    below: str
    above: str
    pressure: float
    pressure_std: float | None
    volume_change: float


@dataclass(frozen=True)
class PhaseSequence:
    """The stable polymorphs of one composition by ascending pressure.

    Attributes:
        formula: reduced formula.
        level: of all energies.
        stable: names, in the order in which they are stable.
        transitions: between each and the next.
        lowest, highest: the range of pressures that all polymorphs cover, GPa.
    """

    formula: str
    level: str
    stable: tuple[str, ...]
    transitions: tuple[Transition, ...]
    lowest: float
    highest: float


def phase_sequence(curves: Sequence[CompressionCurve]) -> PhaseSequence:
    """The lower envelope of the enthalpies of the polymorphs of one composition.

    Curves with fewer than two points take no part. Between points the enthalpy is interpolated
    monotonically (Fritsch and Carlson), within the range that all curves share; nothing is
    extrapolated.

    Raises:
        InputError: the curves are of different compositions or levels, none has two points, or
            they share no range of pressures.
    """
    usable = [curve for curve in curves if len(curve.points) > 1]
    if not usable:
        raise InputError("no polymorph could be relaxed at two pressures")
    kinds = {(curve.formula, curve.level) for curve in usable}
    if len(kinds) > 1:
        raise InputError(f"polymorphs of one composition at one level are needed, not {kinds}")
    lowest = max(curve.points[0].pressure for curve in usable)
    highest = min(curve.points[-1].pressure for curve in usable)
    if lowest >= highest:
        raise InputError("the polymorphs share no range of pressures")
    enthalpies = [_interpolated(curve, "enthalpy_per_atom") for curve in usable]
    grid = np.linspace(lowest, highest, GRID)
    stable = np.argmin([enthalpy(grid) for enthalpy in enthalpies], axis=0)
    order = [int(stable[0])]
    transitions = []
    for left, right in pairwise(range(GRID)):
        one, other = int(stable[left]), int(stable[right])
        if one != other:
            pressure = _crossing(enthalpies[one], enthalpies[other], grid[left], grid[right])
            transitions.append(_transition(usable[one], usable[other], pressure))
            order.append(other)
    ((formula, level),) = kinds
    names = tuple(usable[index].name for index in order)
    return PhaseSequence(formula, level, names, tuple(transitions), lowest, highest)


def _interpolated(curve: CompressionCurve, quantity: str) -> PchipInterpolator:
    pressures = [point.pressure for point in curve.points]
    return PchipInterpolator(pressures, [getattr(point, quantity) for point in curve.points])


def _crossing(one: PchipInterpolator, other: PchipInterpolator, left: float, right: float) -> float:
    return float(brentq(lambda p: float(one(p) - other(p)), left, right))


def _transition(below: CompressionCurve, above: CompressionCurve, pressure: float) -> Transition:
    volumes = [float(_interpolated(c, "volume_per_atom")(pressure)) for c in (below, above)]
    change = volumes[1] - volumes[0]
    stds = [_energy_std(curve, pressure) for curve in (below, above)]
    known = [std for std in stds if std is not None]
    std = None
    if len(known) == len(stds) and change:
        std = math.hypot(*known) / abs(change) * EV_PER_CUBIC_ANGSTROM_IN_GPA
    return Transition(below.name, above.name, pressure, std, change)


def _energy_std(curve: CompressionCurve, pressure: float) -> float | None:
    nearest = min(curve.points, key=lambda point: abs(point.pressure - pressure))
    return nearest.energy_std
