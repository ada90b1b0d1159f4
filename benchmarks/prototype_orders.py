"""Simple prototypes of some compounds by several potentials, each relaxed within its symmetry.

    python benchmarks/prototype_orders.py [--potentials dao-p sevennet-0 chgnet] [--json]

Rock salt, wurtzite, zincblende and NiAs in meV/atom above the lowest of them: which level orders
polymorphs as experiment does, and by how much.
"""

from __future__ import annotations

import argparse
from typing import Any

from printing import show
from pymatgen.core import Composition, Lattice, Structure

from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings, relax

COMPOUNDS = {"MgO": 2.1, "NaCl": 2.8, "ZnS": 2.35}
"""Distance of neighbours to start from, angstrom."""
SETTINGS = RelaxSettings(fix_symmetry=True, fmax=0.01, smax=0.001)


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--potentials", nargs="+", default=["dao-p", "sevennet-0", "chgnet"])
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    rows = [row for name in arguments.potentials for row in judged(name)]
    note = "meV/atom above the lowest of the four; known: MgO and NaCl rock salt, ZnS zincblende."
    show({"benchmark": "prototype orders", "note": note, "rows": rows}, as_json=arguments.json)


def judged(name: str) -> list[dict[str, Any]]:
    """One row for each compound."""
    potential = load_potential(name)
    rows = []
    for formula, distance in COMPOUNDS.items():
        crystals = prototypes(formula, distance)
        ends = relax(list(crystals.values()), potential, SETTINGS)
        energies = dict(zip(crystals, (end.energy_per_atom for end in ends), strict=True))
        known = [energy for energy in energies.values() if energy is not None]
        heights = {
            name: None if energy is None else round(1000 * (energy - min(known)), 1)
            for name, energy in energies.items()
        }
        rows.append({"potential": potential.level, "compound": formula, **heights})
    return rows


def prototypes(formula: str, distance: float) -> dict[str, Structure]:
    """AB in four structure types with a distance of neighbours, angstrom."""
    species = [element.symbol for element in Composition(formula).elements]
    third = [1 / 3, 2 / 3]

    def of(number: int, lattice: Lattice, sites: list[list[float]]) -> Structure:
        crystal = Structure.from_spacegroup(number, lattice, species, sites)
        return crystal.get_primitive_structure()

    a = 1.633 * distance
    return {
        "rock salt": of(225, Lattice.cubic(2 * distance), [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "wurtzite": of(186, Lattice.hexagonal(a, 1.633 * a), [[*third, 0], [*third, 0.375]]),
        "zincblende": of(216, Lattice.cubic(2.309 * distance), [[0, 0, 0], [0.25, 0.25, 0.25]]),
        "NiAs": of(
            194, Lattice.hexagonal(1.414 * distance, 2.309 * distance), [[0, 0, 0], [*third, 0.25]]
        ),
    }


if __name__ == "__main__":
    main()
