"""Interpretations against published values: surfaces, defects, phonons, electrons.

    python benchmarks/published.py --levels chgnet dao-p [--json]
    python benchmarks/published.py --levels fast [--json]

Names of potentials mean surfaces and defects; names of protocols mean pw.x, ph.x and the electrons.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore
from printing import show
from pymatgen.core import Lattice, Structure

from dao_core.defects import defect_energies, vacancies
from dao_core.defects.point_defects import supercell
from dao_core.elements.ground_states import element_structure
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax
from dao_core.surfaces import reconstruct, surface_energies
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS, Protocol
from dft_inputs.qe.makers.core import StaticMaker
from dft_inputs.qe.makers.phonons import GammaPhononMaker
from dft_inputs.qe.sets import PwInputGenerator
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import Validation, validate

TEXTBOOK = "value of textbooks"
SILICON, MAGNESIA = 5.4697, 4.2519
"""Lattice constants of PBE, angstrom."""
GAPS = {
    "MgO": ((4.4, 4.8), "PBE, " + TEXTBOOK + "; PBEsol 4.58, arXiv:2012.08960"),
    "Si": ((0.6, 0.6), "PBE, " + TEXTBOOK),
    "C": ((4.1, 4.2), "PBE, " + TEXTBOOK),
}
COARSE = 0.6
"""1/A between the k-points of Ca2N: its verdict does not hang on the mesh, its price does."""
Row = dict[str, Any]


def main() -> None:
    """Run and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", default=["chgnet", "dao-p"])
    parser.add_argument("--json", action="store_true", help="one JSON object with a list `rows`")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for level in arguments.levels:
        if level in PROTOCOLS:
            rows += [*phonons(level), *electrons(level)]
        else:
            potential = load_potential(level)
            rows += [*surfaces(potential), *defects(potential)]
    result = {
        "benchmark": "published values",
        "note": "Errors are against the middle of what was published.",
        "rows": rows,
    }
    show(result, as_json=arguments.json)


def compared(
    what: str, level: str, found: float | None, published: tuple[float, float], source: str
) -> Row:
    """One line."""
    low, high = published
    return {
        "what": what,
        "level": level,
        "found": found,
        "published": f"{low:g}" if low == high else f"{low:g} to {high:g}",
        "error": None if found is None else found - (low + high) / 2,
        "source": source,
    }


def surfaces(potential: Potential) -> Iterator[Row]:
    """MgO(001), and what becomes of Si(001)."""
    (lowest, *_) = surface_energies(rock_salt("Mg", "O", 4.21), (0, 0, 1), potential)
    yield compared("MgO(001), J/m^2", potential.level, lowest.surface_energy, (1.04, 1.2), TEXTBOOK)
    (silicon, *_) = surface_energies(element_structure("Si"), (0, 0, 1), potential)
    if silicon.slab is None:
        return
    # The dimers pair along one of the two axes; which one depends on where the slab was cut.
    tops = [reconstruct(silicon.slab, potential, cell)[0] for cell in ((2, 1), (1, 2))]
    best = max(tops, key=lambda top: top.energy_gain)
    source = "Surf. Sci. 408, 191 (1998) and 274, 106 (1992): correlated wave functions of clusters"
    yield compared("Si(001) 2x1, eV/dimer", potential.level, best.energy_gain, (1.75, 1.98), source)
    yield compared(
        "Si(001) 2x1, dimer, A", potential.level, _dimer(best.structure), (2.35, 2.40), source
    )


def _dimer(slab: Structure) -> float:
    """Distance of the two topmost atoms, angstrom."""
    first, second = np.argsort(slab.cart_coords[:, 2])[-2:]
    return float(slab.get_distance(int(first), int(second)))


def defects(potential: Potential) -> Iterator[Row]:
    """The neutral oxygen vacancy of MgO in oxygen."""
    bulk, oxygen = relax(
        [rock_salt("Mg", "O", 4.21), element_structure("O")], potential, RelaxSettings()
    )
    if oxygen.energy_per_atom is None:
        return
    found = [one for one in vacancies(bulk.structure) if one.name == "vac_O"]
    (vacancy,) = defect_energies(
        supercell(bulk.structure), found, {"O": oxygen.energy_per_atom}, potential
    )
    yield compared(
        "MgO, neutral O vacancy in O2, eV",
        potential.level,
        vacancy.formation_energy,
        (7.09, 7.09),
        "PBE; N. A. Richter, Charged point defects in oxides (thesis), table 6.3",
    )


def phonons(protocol: str) -> Iterator[Row]:
    """Transverse optical frequencies at Gamma by ph.x, at the lattice constant of PBE."""
    for what, crystal, measured in (
        ("Si, optical at Gamma, 1/cm", diamond("Si", SILICON), 520.0),
        ("MgO, TO at Gamma, 1/cm", rock_salt("Mg", "O", MAGNESIA), 401.0),
    ):
        generator = PwInputGenerator(protocol=protocol, occupations="fixed")
        maker = GammaPhononMaker(static_maker=StaticMaker(input_set_generator=generator))
        flow, store = maker.make(crystal), JobStore(MemoryStore())
        with tempfile.TemporaryDirectory() as folder:
            run_locally(
                flow, store=store, create_folders=True, root_dir=folder, raise_immediately=True,
                log=False,
            )  # fmt: skip
            found = flow.output.resolve(store).frequencies[-1]
        yield compared(what, f"ph.x, {protocol}", found, (measured, measured), TEXTBOOK)


def electrons(protocol: str) -> Iterator[Row]:
    """Gaps, states and verdicts on electrides."""
    # Reed et al., J. Mater. Chem. 10, 1635 (2000)
    layers = Lattice.hexagonal(3.62872, 19.0921)
    electride = Structure.from_spacegroup(
        "R-3m", layers, ["Ca", "N"], [[0, 0, 0.268], [0, 0, 0]]
    ).get_primitive_structure()
    insulators = {
        "MgO": rock_salt("Mg", "O", MAGNESIA),
        "C": diamond("C", 3.567),
        "Si": diamond("Si", SILICON),
    }
    fine = PROTOCOLS[protocol]
    coarse = replace(fine, kpoint_distance=COARSE)
    for one in [*interpreted(insulators, fine), *interpreted({"Ca2N": electride}, coarse)]:
        if one.result is None or one.result.electrons is None:
            yield {"what": one.name, "note": f"{one.reason}: {one.message}"}
            continue
        found = one.result.electrons
        if one.name in GAPS:
            gap, source = GAPS[one.name]
            yield compared(f"{one.name}, gap, eV", one.result.level, found["band_gap"], gap, source)
        yield {
            "what": one.name,
            "level": one.result.level,
            "electride": found["electride"]["electride"],
            "known as one": one.name == "Ca2N",
            "evidence": found["electride"]["reason"],
            "maxima of the ELF": ", ".join(sorted({m["kind"] for m in found["attractors"]})),
            "highest states": _highest(found["states"]),
        }


def interpreted(crystals: dict[str, Structure], protocol: Protocol) -> Sequence[Validation]:
    """The crystals with their electrons by pw.x."""
    method = Method(protocol=protocol, workflow="electrons")
    with tempfile.TemporaryDirectory() as root:
        limits = Limits(cores=os.cpu_count() or 1)
        return validate(crystals, method, limits, root=Path(root)).validations


def _highest(states: dict[str, Any]) -> str:
    """Element and shell that most of the states of the uppermost 2 eV belong to."""
    energies = np.array(states["energies"])
    top = (energies > -2.0) & (energies <= 0.0)
    shares = {name: np.array(rows)[:, top].sum() for name, rows in states["projected"].items()}
    name = max(shares, key=lambda one: shares[one])
    return f"{name}, {shares[name] / sum(shares.values()):.0%} of 2 eV"


def rock_salt(a: str, b: str, length: float) -> Structure:
    """B1, primitive."""
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * length / 2)
    return Structure(lattice, [a, b], [[0, 0, 0], [0.5, 0.5, 0.5]])


def diamond(symbol: str, length: float) -> Structure:
    """Diamond, primitive."""
    lattice = Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * length / 2)
    return Structure(lattice, [symbol] * 2, [[0, 0, 0], [0.25, 0.25, 0.25]])


if __name__ == "__main__":
    main()
