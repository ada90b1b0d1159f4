"""What an optimised BLAS is worth to pw.x: one scf with each library that the system offers.

    python benchmarks/blas.py [--quick] [--pseudos SOURCE] [--json]

Debian lets libraries of linear algebra take each other's place (``update-alternatives``); here each
is put before the others by ``LD_LIBRARY_PATH``, one after the other, with the same inputs of the
protocol ``fast``. One core; seconds are of CPU, as pw.x counts them, and their ratio is to the
first library. Needs libblas3 and liblapack3 (the reference) and, say, libopenblas0-serial.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dft import ensure_pseudos, run_pw
from printing import show
from pymatgen.core import Structure
from search_formula import pw_seconds

from dao_core.elements.ground_states import element_structure
from dft_inputs.method import Method
from dft_inputs.protocols import get_protocol
from dft_inputs.qe.level import generator_for

SOLVERS = ("libblas.so.3", "liblapack.so.3")
CASES = {"2 atoms of Si": 1, "16 atoms of Si, Gamma": 2, "54 atoms of Si, Gamma": 3}
"""Multiples of the primitive cell along each vector; more than one, with few k-points."""
Row = dict[str, str | float]


def libraries() -> dict[str, str]:
    """Search path of each BLAS of this system with its LAPACK, the reference first."""
    found: dict[str, list[str]] = {}
    for solver in SOLVERS:
        listed = subprocess.run(
            ["update-alternatives", "--query", f"{solver}-x86_64-linux-gnu"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for line in listed.splitlines():
            if line.startswith("Alternative: "):
                folder = Path(line.removeprefix("Alternative: ")).parent
                name = "reference" if folder.name in {"blas", "lapack"} else folder.name
                found.setdefault(name, []).append(str(folder))
    return {name: ":".join(found[name]) for name in sorted(found, key=lambda n: n != "reference")}


def crystal(multiple: int) -> Structure:
    """Silicon; a cell of more than two atoms is disturbed, so that it keeps its size."""
    primitive = element_structure("Si").get_primitive_structure()
    if multiple == 1:
        return primitive
    cell = primitive * [multiple] * 3
    cell.perturb(0.05)
    return cell


def rows(case: str, folder: Path) -> Iterator[Row]:
    """One scf with each library."""
    multiple, protocol = CASES[case], get_protocol("fast")
    if multiple > 1:
        protocol = replace(protocol, kpoint_distance=2.0)
    generator = generator_for(Method(protocol=protocol, workflow="static"), ("Si",))
    inputs = replace(generator, occupations="gaussian").get_input_set(crystal(multiple))
    seconds: list[float] = []
    for name, path in libraries().items():
        run = folder / case / name / "job_1"
        inputs.write_input(run)
        run_pw(run, LD_LIBRARY_PATH=path)
        seconds.append(pw_seconds(run.parent))
        yield {
            "case": case,
            "BLAS": name,
            "pw.x CPU s": seconds[-1],
            "times as fast": round(seconds[0] / seconds[-1], 2),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the smallest cell alone")
    parser.add_argument("--pseudos", help="source of the pseudopotentials when none are installed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cases = list(CASES)[:1] if arguments.quick else list(CASES)
    with tempfile.TemporaryDirectory() as scratch:
        ensure_pseudos(Path(scratch), arguments.pseudos)
        found = [row for case in cases for row in rows(case, Path(scratch))]
    show({"rows": found}, as_json=arguments.json)


if __name__ == "__main__":
    main()
