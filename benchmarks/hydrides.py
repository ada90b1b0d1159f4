"""Do filled frameworks lead to the known high-pressure hydrides, and which level is fit to tell?

    python benchmarks/hydrides.py [--levels dao-p chgnet] [--samples N] [--json]
    python benchmarks/hydrides.py --levels chgnet --by-pw 8 --json

Im-3m H3S at 200 GPa and Fm-3m LaH10 at 150 GPa. The known crystal is relaxed at each level; the
metal or sulfur framework of it, at its measured or predicted volume, is filled and released as `dao
fill` does. With ``--by-pw N`` pw.x (coarse k-points) gives the enthalpies of the N lowest distinct
crystals as they are, which are upper bounds, and of the known one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from printing import show
from pymatgen.core import Lattice, Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.matching import Tolerances, match
from dao_core.crystal.symmetry import space_group_of
from dao_core.frameworks import FilledCrystal, describe_network, fill_framework, fillings
from dao_core.generator.generate import load_generator
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.qe.calculator import PwCalculator
from dft_inputs.qe.sets import PwInputGenerator

TOLERANCES = Tolerances(ltol=0.2, stol=0.3, angle_tol=5.0)
"""pymatgen's defaults: hydrogen within a third of the mean spacing of where it belongs."""
KPOINT_DISTANCE = 0.6
Row = dict[str, Any]


@dataclass(frozen=True)
class Hydride:
    """A known hydride.

    Attributes:
        crystal: as published.
        pressure: GPa.
        source: of the crystal.
    """

    crystal: Structure
    pressure: float
    source: str


def hydride(group: str, a: float, species: str, sites: list[list[float]]) -> Structure:
    """A primitive cell of hydrogen around one element."""
    symbols = [species, *["H"] * (len(sites) - 1)]
    cell = Structure.from_spacegroup(group, Lattice.cubic(a), symbols, sites)
    return cell.get_primitive_structure()


HYDRIDES = {
    "H3S": Hydride(
        hydride("Im-3m", 2.984, "S", [[0, 0, 0], [0, 0.5, 0.5]]),
        200.0,
        "Duan et al., Sci. Rep. 4, 6968 (2014)",
    ),
    "LaH10": Hydride(
        hydride("Fm-3m", 5.1019, "La", [[0.5] * 3, [0.25] * 3, [0.12] * 3]),
        150.0,
        "Drozdov et al., Nature 569, 528 (2019); Geballe et al., Angew. Chem. 57, 688 (2018)",
    ),
}


def main() -> None:
    """Run and print tables or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", default=["dao-p", "chgnet"])
    parser.add_argument("--systems", nargs="+", default=list(HYDRIDES), choices=HYDRIDES)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--by-pw", type=int, default=0, metavar="N", help="crystals for pw.x")
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for level in arguments.levels:
        potential = load_potential(level)
        for name in arguments.systems:
            known = HYDRIDES[name]
            found = filled(known, potential, arguments.samples)
            rows.append(recovered(name, known, potential, found))
            if arguments.by_pw:
                rows += by_pw(name, known, found[: arguments.by_pw])
    result = {
        "benchmark": "hydrides",
        "note": "The framework is that of the known crystal; its hydrogen is placed by DAO-G. "
        "Enthalpies are eV/atom above the known crystal at the same level.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def filled(known: Hydride, potential: Potential, samples: int) -> Sequence[FilledCrystal]:
    """Distinct crystals that the filled framework of a hydride relaxes to, the lowest first."""
    framework = known.crystal.copy()
    framework.remove_species(["H"])
    number = known.crystal.composition["H"]
    (cell,) = fillings(framework, "H", number, number, max_atoms=52)
    outcome = fill_framework(cell, load_generator(), potential, samples, known.pressure)
    return outcome.crystals


def recovered(
    name: str, known: Hydride, potential: Potential, found: Sequence[FilledCrystal]
) -> Row:
    """What a level makes of the known crystal, and of the framework of it."""
    (end,) = relax([known.crystal], potential, RelaxSettings(pressure=known.pressure))
    published, relaxed = describe_network(known.crystal, "H"), describe_network(end.structure, "H")
    same = [place for place, one in enumerate(found) if is_known(one.structure, known)]
    reference = end.enthalpy_per_atom or 0.0
    return {
        "system": name,
        "GPa": known.pressure,
        "level": potential.level,
        "known: H-H published": published.shortest,
        "known: H-H": relaxed.shortest,
        "known: volume published": known.crystal.volume / len(known.crystal),
        "known: volume": end.structure.volume / len(end.structure),
        "distinct": len(found),
        "known is number": same[0] + 1 if same else None,
        "its population": found[same[0]].population if same else None,
        "lowest: space group": space_group_of(found[0].structure)[0] if found else None,
        "lowest: H-H": found[0].network.shortest if found else None,
        "lowest: enthalpy": found[0].enthalpy_per_atom - reference if found else None,
        "flags": end.outside_domain,
        "source": known.source,
    }


def by_pw(system: str, known: Hydride, found: Sequence[FilledCrystal]) -> list[Row]:
    """The crystals as they are and the known one by pw.x, the lowest first."""
    names = ["known", *(f"number {place}" for place in range(1, len(found) + 1))]
    crystals = [known.crystal, *(one.structure for one in found)]
    # By its name in this file: worker processes import it.
    potential = load_potential("ase:hydrides:coarse")
    evaluation = potential.evaluate(CrystalBatch.from_structures(crystals))
    rows = []
    for place, (name, crystal) in enumerate(zip(names, crystals, strict=True)):
        row: Row = {
            "system": system,
            "crystal": name,
            "level": f"pw.x, PBE, fast, k-points {KPOINT_DISTANCE}/A apart",
        }
        if place in evaluation.errors:
            rows.append({**row, "note": evaluation.errors[place]})
            continue
        work = known.pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA * crystal.volume
        stress = float(evaluation.stress[place].diagonal().mean())
        row |= {
            "enthalpy": (float(evaluation.energy[place]) + work) / len(crystal),
            "GPa in it": -stress * EV_PER_CUBIC_ANGSTROM_IN_GPA,
            "eV/A on an atom": float(evaluation.forces[place].norm(dim=-1).max()),
            "space group": space_group_of(crystal)[0],
            "H-H": describe_network(crystal, "H").shortest,
            "volume": crystal.volume / len(crystal),
            "is known": is_known(crystal, known),
        }
        rows.append(row)
    reference = rows[0].get("enthalpy", 0.0)
    computed = [{**row, "enthalpy": row["enthalpy"] - reference} for row in rows if "H-H" in row]
    failed = [row for row in rows if "H-H" not in row]
    return [*sorted(computed, key=lambda row: row["enthalpy"]), *failed]


def is_known(crystal: Structure, known: Hydride) -> bool:
    """Whether hydrogen is where it is in the known crystal, whatever the volume."""
    return match(crystal, known.crystal, TOLERANCES) is not None


def coarse() -> PwCalculator:
    """pw.x with few k-points."""
    protocol = replace(PROTOCOLS["fast"], kpoint_distance=KPOINT_DISTANCE)
    return PwCalculator(PwInputGenerator(protocol=protocol, occupations="gaussian"))


if __name__ == "__main__":
    main()
