"""Equation of state of one polymorph: equilibrium volume, bulk modulus and its derivative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pymatgen.analysis.eos import EOS, EOSError

from dao_core.errors import InputError
from dao_core.pressure.compression import CompressionCurve

POINTS_NEEDED = 5
"""Four parameters and one to judge them by."""


@dataclass(frozen=True)
class EquationOfState:
    """Third-order Birch-Murnaghan equation (Birch, Phys. Rev. 71, 809 (1947)).

    Attributes:
        volume_per_atom: at zero pressure, cubic angstrom.
        energy_per_atom: at that volume, eV/atom.
        bulk_modulus: GPa.
        bulk_modulus_derivative: dB/dp, no unit.
        rms_error: of the fit, eV/atom.
    """

    volume_per_atom: float
    energy_per_atom: float
    bulk_modulus: float
    bulk_modulus_derivative: float
    rms_error: float


def fit_equation_of_state(curve: CompressionCurve) -> EquationOfState:
    """Fit E(V) over the points of a compression curve.

    Raises:
        InputError: fewer than five points, or no equation of state fits them.
    """
    if len(curve.points) < POINTS_NEEDED:
        raise InputError(
            f"{curve.name}: an equation of state needs {POINTS_NEEDED} pressures, "
            f"{len(curve.points)} could be relaxed"
        )
    volumes = [point.volume_per_atom for point in curve.points]
    energies = [point.energy_per_atom for point in curve.points]
    try:
        fit = EOS("birch_murnaghan").fit(volumes, energies)
    except (EOSError, RuntimeError, ValueError) as error:
        raise InputError(f"{curve.name}: no equation of state fits: {error}") from error
    misfit = np.array([float(fit(volume)) for volume in volumes]) - energies
    return EquationOfState(
        float(fit.v0),
        float(fit.e0),
        float(fit.b0_GPa),
        float(fit.b1),
        float(np.sqrt(np.mean(misfit**2))),
    )
