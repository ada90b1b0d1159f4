"""An evolutionary search of one formula by CrySPY with our potential and relaxer.

    PYTHON benchmarks/cryspy_search.py MgO --relax 99 --potential dao-p --out DIR

PYTHON has ``csp-cryspy`` and this project's dependencies; the project does not depend on CrySPY.
CrySPY is told the formula; cells of 1, 2 and 4 formula units share the relaxations. It makes
structures (PyXtal, crossover, permutation, strain) and collects energies; what it submits is
relaxed here, each generation as one batch, so that it pays for no start of a program. Prints one
JSON object: all relaxations in order, each with the seconds until its batch was done.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pymatgen.core import Composition, Structure
from pymatgen.io.vasp import Poscar

from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, relax

UNITS = (1, 2, 4)
GENERATIONS = 3
CALLS = 4
"""CrySPY collects, makes the next generation and submits it in calls of their own."""
INPUT = """[basic]
algo = EA
calc_code = ASE
nstage = 1
njob = {population}
jobcmd = true
jobfile = job_cryspy
[structure]
atype = {elements}
nat = {counts}
[ASE]
ase_python = ase_in.py
[EA]
n_pop = {population}
n_crsov = {crossover}
n_perm = {permutation}
n_strain = {strain}
n_rand = {random}
n_elite = 2
n_fittest = {fittest}
slct_func = TNM
maxgen_ea = {generations}
[option]
"""


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formula")
    parser.add_argument("--relax", type=int, default=99)
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    potential = load_potential(options.potential)
    options.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    begun = time.monotonic()
    population = max(4, options.relax // (len(UNITS) * GENERATIONS))
    for z in UNITS:
        folder = options.out / f"z{z}"
        cell = Composition(options.formula) * z
        for batch in generations(cell, population, folder, potential):
            seconds = round(time.monotonic() - begun, 2)
            rows += [{**row, "seconds": seconds, "relaxations": len(rows) + len(batch)}
                     for row in batch]  # fmt: skip
    print(json.dumps({"rows": rows, "seconds": round(time.monotonic() - begun, 2)}))


def generations(
    cell: Composition, population: int, folder: Path, potential: Potential
) -> Iterator[list[dict[str, Any]]]:
    """The relaxed structures of each generation."""
    cryspy = importlib.import_module("cryspy.scripts.cryspy").main
    _write_input(cell, population, folder)
    here = Path.cwd()
    os.chdir(folder)
    sys.argv = ["cryspy", "--noprint"]
    try:
        for _ in range(GENERATIONS):
            for _ in range(CALLS):
                with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
                    cryspy()
                if jobs := _submitted():
                    yield _relax(jobs, potential)
                    break
    finally:
        os.chdir(here)


def _write_input(cell: Composition, population: int, folder: Path) -> None:
    (folder / "calc_in").mkdir(parents=True, exist_ok=True)
    for name in ("job_cryspy", "ase_in.py"):  # what they would do is done here
        (folder / "calc_in" / name).touch()
    amounts = cell.get_el_amt_dict()
    small = max(1, population // 4)
    permutation = small if len(amounts) > 1 else 0
    text = INPUT.format(
        population=population,
        elements=" ".join(amounts),
        counts=" ".join(str(round(n)) for n in amounts.values()),
        crossover=population - 2 * small - permutation,
        permutation=permutation,
        strain=small,
        random=small,
        fittest=max(2, population // 2),
        generations=GENERATIONS,
    )
    (folder / "cryspy.in").write_text(text, encoding="utf-8")


def _submitted() -> list[Path]:
    """Folders of what CrySPY has submitted, in the order of its ids."""
    jobs = [
        file.parent
        for file in Path("work").glob("*/stat_job")
        if file.parent.name.isdigit() and "submitted" in file.read_text(encoding="utf-8")
    ]
    return sorted(jobs, key=lambda job: int(job.name))


def _relax(jobs: Sequence[Path], potential: Potential) -> list[dict[str, Any]]:
    """Relax what was submitted, and leave the results where CrySPY collects them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        starts = [Structure.from_file(job / "POSCAR") for job in jobs]
    rows = []
    for job, end in zip(jobs, relax(starts, potential, RelaxSettings()), strict=True):
        lines = (job / "stat_job").read_text(encoding="utf-8").splitlines()
        (job / "stat_job").write_text("\n".join([*lines[:2], "done", ""]), encoding="utf-8")
        (job / "out_check_opt").write_text("done\n" if end.converged else "not_yet\n")
        if end.energy_per_atom is not None:
            (job / "log.tote").write_text(f"{end.energy_per_atom * len(end.structure)}\n")
            Poscar(end.structure.get_sorted_structure()).write_file(job / "CONTCAR")
        rows.append({
            "energy_per_atom": end.energy_per_atom,
            "converged": end.converged,
            "structure": end.structure.as_dict(),
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
