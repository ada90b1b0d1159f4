"""From a formula alone: samples of DAO-G, what they relax to, and what pw.x would have cost.

    python benchmarks/search_formula.py [Cr6Os2 Zr16Pd8O4] [--samples 20] [--dft none|scf|relax]
                                        [--kpoint-distance 0.3] [--no-spin] [--core-hours H]
                                        [--potential dao-p] [--out DIR] [--quick] [--json]

The crystals of these formulas are held out, so the structures themselves are reported, how far the
samples agree, and their energies. With ``--dft`` the lowest structure of each formula goes through
pw.x (protocol ``fast``), and the one that most samples became if it is another and at least three
did: ``scf`` is the scf that each of our calculations begins with
(Gaussian smearing, forces and stress), one step of a relaxation; ``relax`` is all of it, until its
volume settles, and a static run; what ``--core-hours`` ends too early says so, and its seconds are
at least those of a relaxation. The pseudopotentials are those of
``dao pseudos install``. Seconds are of CPU, so that other work on the machine does not count; those
of pw.x are its own count, of all its runs, also of those that were repeated with other settings. A
killed run goes on with the same --out, the folder of the calculations.
"""

from __future__ import annotations

import argparse
import itertools
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jobflow import run_locally
from printing import show
from pymatgen.core import Composition, Structure

from dao_core.crystal.deduplication import same_crystal
from dao_core.crystal.prototype import prototype_label
from dao_core.generator.generate import Generator, load_generator
from dao_core.potentials import Potential, load_potential
from dao_core.relax import RelaxSettings, idealised, relax
from dao_core.search.landscape import Minimum, landscape
from dft_inputs.canonical import canonical_cell
from dft_inputs.method import Method
from dft_inputs.protocols import get_protocol
from dft_inputs.qe.makers.core import StaticMaker
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.qe.sets import PwInputGenerator
from dft_inputs.running.folder import CalculationFolder
from dft_inputs.running.request import Limits
from dft_inputs.running.validation import validate

FORMULAS = ("Cr6Os2", "Zr16Pd8O4")
SHOWN = 5
"""Minima of a formula in the table."""
COMMON = 3
"""Samples that make a minimum common."""
_CPU = re.compile(r"PWSCF +:(?: *(\d+)d)?(?: *(\d+)h)?(?: *(\d+)m)?(?: *([\d.]+)s)? +CPU")
_SPENT = re.compile(r"total cpu time spent up to now is +([\d.]+) secs")
Row = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Search:
    """What became of the samples of one formula, and what it took in CPU seconds."""

    formula: str
    samples: list[Structure]
    minima: list[Minimum]
    relaxed: int
    sampling_seconds: float
    relaxation_seconds: float
    steps: int


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """A result and the CPU seconds that this process spent on it."""
    begun = time.process_time()
    result = work()
    return result, time.process_time() - begun


def search(formula: str, n: int, generator: Generator, potential: Potential) -> Search:
    """Sample, relax, put onto symmetry, and make distinct."""
    cell = Composition(formula)
    samples, sampling = timed(
        lambda: [s.structure for s in generator.generate([cell], n, beyond_domain=True)]
    )
    settings = RelaxSettings()
    ends, relaxing = timed(
        lambda: idealised(relax(samples, potential, settings), potential, settings)
    )
    usable = [end for end in ends if end.converged and end.energy_per_atom is not None]
    minima = landscape(
        [end.structure for end in usable],
        [float(end.energy_per_atom or 0.0) for end in usable],
        potential.level,
    )
    steps = generator.sampler.default_steps
    return Search(formula, samples, minima, len(usable), sampling, relaxing, steps)


def agreement_row(found: Search) -> Row:
    """How far the samples agree, as drawn and relaxed, and what one costs."""
    pairs = list(itertools.combinations(found.samples, 2))
    alike = sum(same_crystal(one, other) for one, other in pairs)
    best = found.minima[0] if found.minima else None
    n = len(found.samples)
    return {
        "formula": found.formula,
        "samples": n,
        "pairs alike as drawn": round(alike / max(1, len(pairs)), 3),
        "converged": found.relaxed,
        "distinct minima": len(found.minima),
        "in the lowest": len(best.members) if best else 0,
        "sampling CPU s per structure": round(found.sampling_seconds / n, 4),
        "one sampling step, CPU s": round(found.sampling_seconds / n / found.steps, 6),
        "relaxation CPU s per structure": round(found.relaxation_seconds / n, 3),
        "whole search, CPU s": round(found.sampling_seconds + found.relaxation_seconds, 2),
    }


def minimum_rows(found: Search) -> list[Row]:
    """The lowest minima."""
    return [
        {
            "formula": found.formula,
            "rank": minimum.rank,
            "space group": f"{minimum.space_group} ({minimum.crystal.space_group_number})",
            "prototype": prototype_label(minimum.crystal),
            "Wyckoff": minimum.crystal.wyckoff_sequence,
            "eV/atom": round(minimum.energy_per_atom, 4),
            "above the lowest": round(minimum.energy_per_atom - found.minima[0].energy_per_atom, 4),
            "samples": len(minimum.members),
            "volume per atom": round(
                minimum.crystal.structure.volume / len(minimum.crystal.structure), 3
            ),
        }
        for minimum in found.minima[:SHOWN]
    ]


@dataclass(frozen=True)
class Computed:
    """What pw.x said of a structure and what it took, in CPU seconds."""

    state: str
    energy_per_atom: float | None
    seconds: float


def dft_rows(found: Search, compute: Callable[[Structure], Computed], what: str) -> Iterator[Row]:
    """The lowest minimum and a common one through pw.x, and the ratios of the cost to ours."""
    commonest = max(found.minima, key=lambda minimum: len(minimum.members))
    chosen = {found.minima[0].rank: found.minima[0]}
    if len(commonest.members) >= COMMON:
        chosen[commonest.rank] = commonest
    step = found.sampling_seconds / len(found.samples) / found.steps
    search = found.sampling_seconds + found.relaxation_seconds
    for minimum in chosen.values():
        structure = minimum.crystal.structure
        done = compute(structure)
        yield {
            "formula": found.formula,
            "rank": minimum.rank,
            "pw.x": what,
            "state": done.state,
            "eV/atom by pw.x": done.energy_per_atom,
            "pw.x CPU s": round(done.seconds, 1),
            "atoms": len(structure),
            "over one DAO-G step of one structure": round(done.seconds / step),
            "over the whole search": round(done.seconds / search, 2),
        }


def relaxation(
    structure: Structure, method: Method, folder: Path, core_hours: float | None = None
) -> Computed:
    """A whole relaxation, as ``dao validate`` does it, or as much of it as the budget allows."""
    limits = Limits(cores=1, core_hours=core_hours)
    report = validate({"minimum": structure}, method, limits, root=folder)
    (done,) = report.validations
    seconds = pw_seconds(CalculationFolder(folder, str(done.key)).path)
    state = done.state if done.reason is None else f"{done.state}: {done.reason}"
    return Computed(state, round(done.result.energy_per_atom, 4) if done.result else None, seconds)


def first_scf(structure: Structure, method: Method, folder: Path) -> Computed:
    """The scf that a calculation begins with; a finished one in the folder is adopted."""
    generator = PwInputGenerator(
        protocol=method.protocol,
        spin=method.spin,
        occupations="gaussian",
        occupations_rule="first scf",
    )
    job = StaticMaker(name="first scf", input_set_generator=generator, resume=True).make(
        canonical_cell(structure)
    )
    folder.mkdir(parents=True, exist_ok=True)
    responses = run_locally(
        job, root_dir=folder, create_folders=True, ensure_success=True, log=False
    )
    document: PwTaskDoc = responses[job.uuid][1].output
    return Computed("done", round(document.energy_per_atom, 4), document.timings.cpu_seconds)


def pw_seconds(calculation: Path) -> float:
    """CPU seconds of all runs of pw.x in the folder of a calculation.

    Failed attempts count too, and of a run that was killed what it had spent at its last step.
    """
    outputs = [file.read_text(errors="replace") for file in calculation.glob("job_*/pw.out")]
    for archive in calculation.glob("job_*/error.*.tar.gz"):
        with tarfile.open(archive) as attempt:
            files = [attempt.extractfile(m) for m in attempt if m.name.endswith("pw.out")]
            outputs += [file.read().decode(errors="replace") for file in files if file]
    return sum(_seconds_of_run(output) for output in outputs)


def _seconds_of_run(output: str) -> float:
    """What a run of pw.x says that it took; until now, if it did not end."""
    ended = _CPU.findall(output)[-1:]
    spent = _SPENT.findall(output)[-1:]
    if not ended:
        return float(spent[0]) if spent else 0.0
    units = (86_400, 3600, 60, 1)
    return sum(unit * float(n or 0) for unit, n in zip(units, ended[0], strict=True))


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("formulas", nargs="*", default=list(FORMULAS))
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--dft", choices=("none", "scf", "relax"), default="none")
    parser.add_argument("--kpoint-distance", type=float, help="1/angstrom",
                        default=get_protocol("fast").kpoint_distance)  # fmt: skip
    parser.add_argument("--no-spin", action="store_true", help="pw.x without magnetism, for half")
    parser.add_argument("--core-hours", type=float, help="of pw.x for the relaxations of a formula")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--out", type=Path, default=Path("search-formula"), help="calculations")
    parser.add_argument("--quick", action="store_true", help="one formula, four samples")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    if options.quick:
        options.formulas, options.samples = options.formulas[:1], 4
    generator, potential = load_generator(), load_potential(options.potential)
    found = [search(f, options.samples, generator, potential) for f in options.formulas]
    rows = [agreement_row(one) for one in found]
    rows += [row for one in found for row in minimum_rows(one)]
    if options.dft != "none":
        protocol = replace(get_protocol("fast"), kpoint_distance=options.kpoint_distance)
        method = Method(protocol=protocol, spin=not options.no_spin)
        compute = partial(first_scf, method=method, folder=options.out)
        if options.dft == "relax":
            compute = partial(relaxation, method=method, folder=options.out,
                              core_hours=options.core_hours)  # fmt: skip
        what = options.dft + ("" if method.spin else ", without spin")
        for one in found:
            rows += dft_rows(one, compute, what) if one.minima else ()
    note = (
        f"DAO-G {generator.checkpoint_hash}, {found[0].steps} steps, energies at level "
        f"{potential.level}; the references are held out. All seconds are of CPU, one core."
    )
    show({"note": note, "level": potential.level, "rows": rows}, as_json=options.json)


if __name__ == "__main__":
    main()
