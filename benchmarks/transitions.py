"""Transitions under pressure and bulk moduli against published ones.

    python benchmarks/transitions.py [--levels chgnet dao-p] [--json]
    python benchmarks/transitions.py --systems Si --levels ase:dft_inputs.qe.calculator:fast --json

NaCl and MgO from rock salt (B1) to caesium chloride (B2), silicon from diamond to beta-tin. Each
polymorph is compressed within its symmetry; the published pressures and their sources stand in the
rows. Coarse: a few pressures each. The bulk modulus of the polymorph that is stable at no pressure
is that of an equation of state within four per cent of it around no pressure.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from printing import show
from pymatgen.core import Lattice, Structure

from dao_core.errors import InputError
from dao_core.potentials import Potential, load_potential
from dao_core.pressure import compress, fit_equation_of_state, phase_sequence
from dao_core.relax import RelaxSettings

SETTINGS = RelaxSettings(fmax=0.02, smax=0.001)


@dataclass(frozen=True)
class Case:
    """Two polymorphs and what is known of them.

    Attributes:
        below, above: the polymorphs.
        pressures: GPa at which both are relaxed.
        published: where the transition was measured, from and to, GPa.
        source: of that.
        bulk_modulus: of the polymorph below, measured, GPa: values of textbooks.
    """

    below: Structure
    above: Structure
    pressures: tuple[float, ...]
    published: tuple[float, float]
    source: str
    bulk_modulus: float


def rock_salt(a: str, b: str, length: float) -> Structure:
    """B1, primitive."""
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * length / 2)
    return Structure(lattice, [a, b], [[0, 0, 0], [0.5, 0.5, 0.5]])


def caesium_chloride(a: str, b: str, length: float) -> Structure:
    """B2."""
    return Structure(Lattice.cubic(length), [a, b], [[0, 0, 0], [0.5, 0.5, 0.5]])


def diamond() -> Structure:
    """Silicon, primitive."""
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * 5.43 / 2)
    return Structure(lattice, ["Si", "Si"], [[0, 0, 0], [0.25, 0.25, 0.25]])


def beta_tin() -> Structure:
    """Silicon in the structure of white tin, primitive."""
    a, c = 4.69, 2.59
    lattice = Lattice([[-a / 2, a / 2, c / 2], [a / 2, -a / 2, c / 2], [a / 2, a / 2, -c / 2]])
    return Structure(lattice, ["Si", "Si"], [[0, 0, 0], [0.75, 0.25, 0.5]])


CASES = {
    "NaCl": Case(
        rock_salt("Na", "Cl", 5.64),
        caesium_chloride("Na", "Cl", 3.4),
        (0, 10, 20, 30, 40, 50),
        (25.0, 32.0),
        "measurements reviewed in J. Appl. Phys. 123, 135901 (2018)",
        24.0,
    ),
    "MgO": Case(
        rock_salt("Mg", "O", 4.21),
        caesium_chloride("Mg", "O", 2.6),
        (0, 100, 200, 300, 400, 500, 600),
        (429.0, 562.0),
        "measured, arXiv:1904.00476; density functional theory: 490, arXiv:1211.6521",
        160.0,
    ),
    "Si": Case(
        diamond(),
        beta_tin(),
        (0, 4, 8, 12, 16),
        (11.3, 12.6),
        "measurements and functionals (LDA and GGA: 3.5 to 10.0) in arXiv:1006.3253",
        98.0,
    ),
}


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", default=["chgnet", "dao-p"])
    parser.add_argument("--systems", nargs="+", default=["NaCl", "MgO", "Si"], choices=CASES)
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    rows = []
    for level in arguments.levels:
        potential = load_potential(level)
        rows += [compared(name, CASES[name], potential) for name in arguments.systems]
    result = {
        "benchmark": "transitions",
        "note": "Transition pressures and bulk moduli at no pressure (GPa). error: to the middle "
        "of what was published. std: of the potential's own uncertainty, where it has one. Static "
        "enthalpies, no phonons.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def compared(name: str, case: Case, potential: Potential) -> dict[str, Any]:
    """One system at one level."""
    curves = compress(
        {"below": case.below, "above": case.above}, potential, case.pressures, SETTINGS
    )
    row: dict[str, Any] = {"system": name, "level": potential.level}
    try:
        sequence = phase_sequence(curves)
    except InputError as error:
        return {**row, "note": str(error)}
    crossings = [t for t in sequence.transitions if (t.below, t.above) == ("below", "above")]
    found = crossings[0] if crossings else None
    low, high = case.published
    return {
        **row,
        "pressure": found.pressure if found else None,
        "std": found.pressure_std if found else None,
        "published": f"{low:g} to {high:g}",
        "error": found.pressure - (low + high) / 2 if found else None,
        "source": case.source,
        "volume change (A^3/atom)": found.volume_change if found else None,
        "stable below": sequence.stable[0],
        "bulk modulus": modulus_at_rest(case, potential),
        "measured": case.bulk_modulus,
        "highest GPa of both": sequence.highest,
        "flags": next(
            (p.outside_domain for c in curves for p in c.points if p.outside_domain), None
        ),
    }


def modulus_at_rest(case: Case, potential: Potential) -> float | None:
    """Bulk modulus around no pressure, GPa; None where no equation of state fits."""
    pressures = [share * case.bulk_modulus for share in (-0.04, -0.02, 0.0, 0.02, 0.04)]
    (curve,) = compress({"below": case.below}, potential, pressures, SETTINGS)
    try:
        return fit_equation_of_state(curve).bulk_modulus
    except InputError:
        return None


if __name__ == "__main__":
    main()
