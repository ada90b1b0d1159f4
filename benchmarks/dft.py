"""What the whole chain costs over bare pw.x, and how many candidates a core-hour validates.

The overhead compares one batch of small statics, run two at a time, by ``validate`` (processes,
folders, custodian, ledger, parsing, documents; its start included) with the very same inputs given
to bare ``pw.x`` two at a time. Both are measured in one run, so that only their ratio counts. Bar:
less than 15 per cent.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from printing import show
from pymatgen.core import Lattice, Structure

from dao_core.elements.ground_states import element_structure
from dft_inputs.canonical import canonical_cell
from dft_inputs.method import Method
from dft_inputs.protocols import PROTOCOLS
from dft_inputs.pseudos import install_family, list_families
from dft_inputs.qe.level import generator_for
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate

Row = dict[str, str | float]
BAR = 0.15


def oxides(count: int) -> dict[str, Structure]:
    """Insulating two-atom crystals of slightly different volumes: one pw.x run answers each."""
    rock_salt = [[0, 0, 0], [0.5, 0.5, 0.5]]
    crystals = {}
    for i in range(count):
        a = 4.15 + 0.01 * i
        primitive = Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])
        crystals[f"MgO-{i}"] = Structure(primitive, ["Mg", "O"], rock_salt)
    return crystals


def ensure_pseudos(home: Path, source: str | None) -> None:
    """Install pseudopotentials below a home of this run's own, unless there are some already."""
    if not list_families():
        os.environ["DAO_HOME"] = str(home)
        install_family(source=source)


def run_pw(folder: Path, **variables: str) -> None:
    """Bare pw.x on one thread, its input and output in a folder, with variables of environment."""
    with (folder / "pw.out").open("wb") as output:
        subprocess.run(
            ["pw.x", "-in", "pw.in"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
            check=True,
        )


def bare_seconds(crystals: dict[str, Structure], method: Method, folder: Path) -> float:
    """Wall time of bare pw.x on the inputs that the chain writes, two at a time."""
    runs = []
    for name, structure in crystals.items():
        generator = replace(generator_for(method, ("Mg", "O")), occupations="gaussian")
        generator.get_input_set(canonical_cell(structure)).write_input(folder / name)
        runs.append(folder / name)
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_pw, runs))
    return time.perf_counter() - started


def overhead_row(count: int, distance: float, folder: Path) -> Row:
    """Chain against bare pw.x on one batch of statics, of about 1.5 s each at 0.8 1/angstrom."""
    protocol = replace(PROTOCOLS["fast"], kpoint_distance=distance)
    method = Method(protocol=protocol, workflow="static")
    crystals = oxides(count)
    bare = bare_seconds(crystals, method, folder / "bare")
    started = time.perf_counter()
    report = validate(
        crystals,
        method,
        Limits(cores=2),
        root=folder / "chain",
    )
    chain = time.perf_counter() - started
    if len(report.done) != count:
        raise SystemExit(f"Only {len(report.done)} of {count} statics ended well.")
    return {
        "case": f"{count} statics, two at a time, k-points {distance:g}/A",
        "bare_seconds": bare,
        "chain_seconds": chain,
        "overhead": chain / bare - 1,
        "bar": BAR,
    }


def throughput_row(protocol: str, workflow: str, folder: Path) -> Row:
    """Candidates per core-hour of one protocol, from the ledger of one silicon crystal."""
    method = Method(protocol=protocol, workflow="relax" if workflow == "relax" else "static")
    limits = Limits(cores=1)
    report = validate({"Si": element_structure("Si")}, method, limits, root=folder / protocol)
    if not report.done:
        raise SystemExit(f"{protocol}: {report.validations[0].message}")
    return {
        "case": f"Si, {workflow}, {protocol}",
        "core_hours": report.core_hours,
        "candidates_per_core_hour": 1 / report.core_hours,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within a minute on two cores")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pseudos", help="source of the pseudopotentials when none are installed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ensure_pseudos(folder, arguments.pseudos)
        # The mesh of the protocol itself, and one so coarse that the chain's own time shows.
        meshes = [0.8] if arguments.quick else [PROTOCOLS["fast"].kpoint_distance, 0.8]
        count = 4 if arguments.quick else 20
        rows = [overhead_row(count, distance, folder / f"{distance:g}") for distance in meshes]
        workflow = "static" if arguments.quick else "relax"
        protocols = ["fast"] if arguments.quick else list(PROTOCOLS)
        rows += [throughput_row(protocol, workflow, folder) for protocol in protocols]
    show({"rows": rows}, as_json=arguments.json)


if __name__ == "__main__":
    main()
