"""Search: which known phases a campaign finds, after how many relaxations and seconds.

    python benchmarks/search.py [--quick] [--json] [--systems Mg-O,Na-Cl] [--arms dao,random]
                                [--potential dao-p] [--relax 100] [--out DIR]

For each chemical system the known phases (AFLOW prototypes with the system's elements, and with
``DAO_SHARED`` the stable phases of ``data/reference_phases``) are relaxed with the potential of
the search; a phase counts as found when a relaxed candidate is the same crystal. Arms: the
campaign with all its sources (``dao``), templates alone, DAO-G alone, and symmetric random cells
of which every one is relaxed. All use the same relaxer. A finished arm of a system is kept in
``--out`` and not run again; an interrupted one goes on where it stopped. Relaxations are written
in batches of at most 16, so relaxations and seconds until a phase is found count its whole batch.

The known structure of a binary is among the templates, so ``template`` and ``dao`` are told more
than ``dao-g`` and ``random``; the table therefore stands beside theirs, not against them.

    python benchmarks/search.py --systems TiO2,SiO2,ZnS,C,BN,CaCO3 --relax 500     polymorphs
    dao campaign Cr6Os2 --candidates 20 --relax 20 --sources dao-g --dft qe        from the formula
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pymatgen.core import Composition, Structure
from rich.console import Console
from rich.table import Table

from dao_core.crystal.deduplication import same_crystal
from dao_core.potentials import load_potential
from dao_core.relax import RelaxSettings, idealised, relax
from dao_core.search.compositions import CompositionCell, parse_target
from dao_core.search.sources.template import ranked_assignments, substituted, templates
from dao_core.search.volume import rescaled
from stores import open_store
from stores.documents import CampaignDocument, EventDocument, RelaxationDocument

KNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "Mg-O": (("MgO", "AB_cF8_225_a_b"), ("Mg", "A_hP2_194_c")),
    "Na-Cl": (("NaCl", "AB_cF8_225_a_b"), ("Na", "A_cI2_229_a")),
    "Cs-Cl": (("CsCl", "AB_cP2_221_b_a"), ("Cs", "A_cI2_229_a")),
    "Ca-F": (("CaF2", "AB2_cF12_225_a_c"), ("Ca", "A_cF4_225_a")),
    "Ga-N": (("GaN", "AB_hP4_186_b_b"), ("GaN", "AB_cF8_216_c_a")),
    "Al-N": (("AlN", "AB_hP4_186_b_b"), ("AlN", "AB_cF8_216_c_a"), ("Al", "A_cF4_225_a")),
    "Ti-C": (("TiC", "AB_cF8_225_a_b"), ("Ti", "A_hP2_194_c")),
    "Ti-O": (("TiO2", "A2B_tP6_136_f_a"), ("TiO2", "A2B_tI12_141_e_a"), ("Ti", "A_hP2_194_c")),
    "Al-Ni": (("AlNi", "AB_cP2_221_b_a"), ("AlNi3", "AB3_cP4_221_a_c"), ("Ni", "A_cF4_225_a")),
    "Au-Cu": (
        ("AuCu", "AB_tP2_123_a_d"), ("AuCu3", "AB3_cP4_221_a_c"), ("Cu", "A_cF4_225_a"),
    ),
    "Zn-S": (("ZnS", "AB_cF8_216_c_a"), ("ZnS", "AB_hP4_186_b_b"), ("Zn", "A_hP2_194_c")),
    "Si": (("Si", "A_cF8_227_a"),),
    "C": (("C", "A_cF8_227_a"), ("C", "A_hP4_194_bc"), ("C", "A_hP4_194_f")),
    "Sr-Ti-O": (("SrTiO3", "AB3C_cP5_221_a_c_b"), ("SrO", "AB_cF8_225_a_b")),
    "Fe-O": (),
    "Li-O": (),
    "Li-P": (),
}  # fmt: skip
"""Reduced formula and AFLOW label of known phases; the last three have theirs in reference data."""
ARMS: dict[str, tuple[str, ...]] = {
    "dao": (),
    "template": ("--sources", "template"),
    "dao-g": ("--sources", "dao-g"),
    "random": ("--sources", "random"),
}
QUICK = ("Mg-O", "Si")
CANDIDATES_PER_RELAXATION = 4
MAX_REFERENCE_ATOMS = 8
STABLE = 0.0
SETTINGS = RelaxSettings()


@dataclass(frozen=True)
class Phase:
    """A known phase, relaxed."""

    name: str
    formula: str
    structure: Structure
    energy_per_atom: float


@dataclass(frozen=True)
class Hit:
    """What one arm made of one known phase; None where it was not found."""

    phase: str
    formula: str
    energy_per_atom: float
    above_best_known: float
    rank_in_formula: int | None
    relaxations: int | None
    search_seconds: float | None


def known_phases(system: str, potential: Any) -> list[Phase]:
    """The known phases of a system, relaxed with the potential, lowest first."""
    named = [*_tabled(system), *_prototypes(system), *_referenced(system)]
    relaxed = relax([structure for _, structure in named], potential, SETTINGS)
    phases: list[Phase] = []
    for (name, _), end in zip(named, idealised(relaxed, potential, SETTINGS), strict=True):
        usable = end.converged and end.energy_per_atom is not None
        if usable and not any(same_crystal(end.structure, p.structure) for p in phases):
            formula = end.structure.composition.reduced_formula
            phases.append(Phase(name, formula, end.structure, float(end.energy_per_atom or 0)))
    return sorted(phases, key=lambda phase: (phase.formula, phase.energy_per_atom))


def _tabled(system: str) -> Iterator[tuple[str, Structure]]:
    """The phases of ``KNOWN`` as templates at a sensible volume."""
    for formula, label in KNOWN.get(system, ()):
        (template,) = [t for t in templates() if t.label == label][:1]
        unit = Composition(formula)
        z = round(len(template.structure) / unit.num_atoms)
        cell = CompositionCell(formula, z, unit * z, len(template.structure))
        _, _, assignment = ranked_assignments(cell, [template])[0]
        yield f"{formula} {label}", rescaled(substituted(template.structure, assignment))


def _prototypes(system: str) -> Iterator[tuple[str, Structure]]:
    """Prototypes of the library that consist of what is asked for."""
    target = parse_target([system])
    formulas = {formula.reduced for formula in target.formulas}
    for template in templates():
        own = template.structure.composition
        inside = {element.symbol for element in own.elements} <= set(target.elements)
        asked = own.reduced_formula in formulas if formulas else inside
        if asked and len(template.structure) <= 2 * MAX_REFERENCE_ATOMS:
            yield f"{own.reduced_formula} {template.name or template.label}", template.structure


def _referenced(system: str) -> Iterator[tuple[str, Structure]]:
    """Stable phases of the shared reference data, small cells only."""
    elements = set(parse_target([system]).elements)
    folder = Path(os.environ.get("DAO_SHARED", "")) / "data" / "reference_phases"
    for file in sorted(folder.glob("*.json.gz")):
        records = json.loads(gzip.decompress(file.read_bytes()))["records"]
        for record in records:
            composition = Composition(record["formula"])
            mine = {element.symbol for element in composition.elements} <= elements
            stable = record.get("e_above_hull", 1.0) <= STABLE
            if mine and stable and record["natoms"] <= MAX_REFERENCE_ATOMS:
                yield (
                    f"{record['reduced_formula']} {record['material_id']}",
                    Structure(record["lattice"], record["atomic_numbers"], record["frac_coords"]),
                )


def run_arm(system: str, arm: str, options: argparse.Namespace) -> dict[str, Any]:
    """One campaign in a process of its own; its JSON with the CPU seconds added."""
    folder = options.out / system / arm
    done = folder / "result.json"
    if done.is_file():
        return dict(json.loads(done.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    candidates = options.relax * (1 if arm == "random" else CANDIDATES_PER_RELAXATION)
    command = [
        sys.executable, "-m", "flows", "campaign", system, *ARMS[arm], "--json", "--force",
        "--candidates", str(candidates), "--relax", str(options.relax),
        "--potential", options.potential, "--seed", str(options.seed),
        "--store", f"sqlite:///{folder.absolute() / 'store.db'}", "--out", str(folder / "files"),
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.returncode not in (0, 4):
        raise SystemExit(f"{system}, {arm}: {finished.stderr.strip()}")
    result = json.loads(finished.stdout)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    result["cpu_seconds"] = round(used, 1)
    done.write_text(json.dumps(result), encoding="utf-8")
    return dict(result)


def judge(system: str, arm: str, phases: list[Phase], options: argparse.Namespace) -> list[Hit]:
    """When an arm came upon each known phase, from its store."""
    uri = f"sqlite:///{(options.out / system / arm).absolute() / 'store.db'}"
    with open_store(uri) as store:
        (campaign,) = store.find(CampaignDocument)
        relaxations = sorted(
            store.find(RelaxationDocument, {"level": campaign.level}),
            key=lambda r: (r.last_updated, r.relaxation_id),
        )
        events = list(store.find(EventDocument, {"kind": "batch"}))
    ends = [(r, r.to_pymatgen()) for r in relaxations]
    return [_hit(phase, phases, ends, events) for phase in phases]


def _hit(
    phase: Phase,
    phases: list[Phase],
    ends: list[tuple[RelaxationDocument, Structure | None]],
    events: list[EventDocument],
) -> Hit:
    same = [
        end
        for end, structure in ends
        if end.formula == phase.formula
        and structure is not None
        and same_crystal(structure, phase.structure)
    ]
    best = min(p.energy_per_atom for p in phases if p.formula == phase.formula)
    written = None if not same else _written(events, same[0].last_updated)
    lowest = min((end.energy_per_atom or 0.0 for end in same), default=None)
    return Hit(
        phase=phase.name,
        formula=phase.formula,
        energy_per_atom=phase.energy_per_atom,
        above_best_known=phase.energy_per_atom - best,
        rank_in_formula=None if lowest is None else _rank(lowest, phase.formula, ends),
        relaxations=None if written is None else _count(ends, written),
        search_seconds=None if written is None else _seconds(events, written),
    )


def _rank(
    energy: float, formula: str, ends: list[tuple[RelaxationDocument, Structure | None]]
) -> int:
    """Place by energy among distinct energies (1 meV/atom) of the same formula."""
    lower = {
        round(1000 * end.energy_per_atom)
        for end, _ in ends
        if end.formula == formula
        and end.converged
        and end.energy_per_atom is not None
        and end.energy_per_atom < energy - 1e-3
    }
    return 1 + len(lower)


def _written(events: list[EventDocument], moment: datetime) -> datetime:
    """When the batch was complete in which something was written at ``moment``."""
    return min(event.happened for event in events if event.happened >= moment)


def _count(ends: list[tuple[RelaxationDocument, Structure | None]], moment: datetime) -> int:
    """Relaxations that were written at ``moment``."""
    return sum(end.last_updated <= moment for end, _ in ends)


def _seconds(events: list[EventDocument], moment: datetime) -> float:
    """Seconds of all batches that were complete at ``moment``."""
    done = (event.detail["seconds"] for event in events if event.happened <= moment)
    return round(sum(done), 2)


def _table(rows: list[dict[str, Any]]) -> Table:
    names = ("system", "arm", "phase", "above best known (eV/atom)", "rank", "relaxations",
             "search s", "CPU s")  # fmt: skip
    table = Table(*names)
    for row in rows:
        for hit in row["hits"]:
            table.add_row(
                row["system"], row["arm"], hit["phase"], f"{hit['above_best_known']:.3f}",
                *("-" if hit[key] is None else str(hit[key])
                  for key in ("rank_in_formula", "relaxations", "search_seconds")),
                str(row["cpu_seconds"]),
            )  # fmt: skip
    return table


def main() -> None:
    """Run what is missing of every system and arm, and print the table or one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two systems, 16 relaxations")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--systems", default="", help="comma list; default: all of the table")
    parser.add_argument("--arms", default=",".join(ARMS), help="comma list")
    parser.add_argument("--potential", default="dao-p")
    parser.add_argument("--relax", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("search-benchmark"))
    options = parser.parse_args()
    if options.quick:
        options.relax, options.out = 16, options.out / "quick"
    systems = options.systems.split(",") if options.systems else QUICK if options.quick else KNOWN
    potential = load_potential(options.potential)
    rows = []
    for system in systems:
        phases = known_phases(system, potential)
        for arm in options.arms.split(","):
            result = run_arm(system, arm, options)
            hits = judge(system, arm, phases, options)
            rows.append({
                "system": system, "arm": arm, "cpu_seconds": result["cpu_seconds"],
                "yields": result["yields"], "hits": [asdict(hit) for hit in hits],
            })  # fmt: skip
    if options.json:
        print(json.dumps({"level": potential.level, "relax": options.relax, "rows": rows}))
    else:
        Console().print(_table(rows))


if __name__ == "__main__":
    main()
