"""Pools for ``loop.py``: distinct crystals of a system, labelled by a universal potential.

    python benchmarks/loop_pools.py Ti-O Cu-S --out benchmarks/pools
    python benchmarks/loop_pools.py --again POOL... --truth sevennet-0 --out FOLDER

Templates and DAO-G propose, DAO-P relaxes and screens, CHGNet relaxes from there. Each record is
the relaxed crystal with ``energy_per_atom``; ``start`` is DAO-P's minimum,
``static_energy_per_atom`` what the truth says of it, ``steps`` what its relaxation took.
``--again`` gives the crystals of pools, as they are, the energies of another truth: a level that
DAO-P was not taught.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dao_core.crystal.batch import CrystalBatch
from dao_core.crystal.deduplication import deduplicate
from dao_core.generator.generate import load_generator
from dao_core.hull import PhaseEntry, energies_above_hull
from dao_core.potentials import Potential, load_potential
from dao_core.potentials.base import energies_of
from dao_core.relax import Relaxation, RelaxSettings, relax
from dao_core.relax.idealised import idealised
from dao_core.search.compositions import CompositionCell, enumerate_compositions, parse_target
from dao_core.search.sources import GeneratorSource, TemplateSource

BELOW = 0.5
"""eV/atom above DAO-P's hull: what is higher is no candidate for a label."""
SETTINGS = RelaxSettings()


def proposals(cells: Sequence[CompositionCell], each: int, seed: int) -> list[Structure]:
    """Templates and DAO-G's samples of every cell."""
    generator, template = GeneratorSource(load_generator()), TemplateSource()
    made = generator.propose_together(cells, each, seed)
    known = [template.propose(cell, each, seed) for cell in cells]
    return [one.structure for found in (*made, *known) for one in found]


def screened(structures: Sequence[Structure], potential: Potential) -> list[Relaxation]:
    """Distinct minima of ``potential`` near its hull, lowest first."""
    ends = [
        end
        for end in idealised(relax(structures, potential, SETTINGS), potential, SETTINGS)
        if end.converged and end.energy_per_atom is not None
    ]
    energies = [end.energy_per_atom or 0.0 for end in ends]
    kept = [ends[i] for i in deduplicate([e.structure for e in ends], energies).unique]
    above = energies_above_hull(
        [PhaseEntry(e.structure.composition, e.energy_per_atom or 0.0, e.level) for e in kept]
    )
    near = [(height, i) for i, height in enumerate(above) if height is not None and height < BELOW]
    return [kept[i] for _, i in sorted(near)]


def labelled(starts: Sequence[Relaxation], truth: Potential) -> Iterator[dict[str, Any]]:
    """A record for each start that the truth can relax."""
    ends = relax([start.structure for start in starts], truth, SETTINGS)
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if end.converged:
            yield {
                "material_id": f"pool-{number:03d}",
                "formula": end.structure.composition.formula.replace(" ", ""),
                "natoms": len(end.structure),
                **_geometry(end.structure),
                "energy_per_atom": round(end.energy_per_atom or 0.0, 6),
                "static_energy_per_atom": round(end.energy_per_atom_before or 0.0, 6),
                "steps": end.steps,
                "start": _geometry(start.structure),
            }


def _geometry(structure: Structure) -> dict[str, Any]:
    return {
        "lattice": structure.lattice.matrix.round(5).tolist(),
        "atomic_numbers": list(structure.atomic_numbers),
        "frac_coords": structure.frac_coords.round(5).tolist(),
    }


def pool(system: str, options: argparse.Namespace) -> dict[str, Any]:
    """The pool of one system as a record file has it."""
    cells = enumerate_compositions(parse_target([system]), max_atoms=options.max_atoms)
    judge, truth = load_potential("dao-p"), load_potential(options.truth)
    starts = screened(proposals(cells, options.each, options.seed), judge)
    elements = [start for start in starts if start.structure.is_ordered and _pure(start)]
    compounds = [start for start in starts if not _pure(start)][: options.most]
    records = list(labelled([*elements, *compounds], truth))
    meta = {
        "dataset": f"pool {system}",
        "source": f"benchmarks/loop_pools.py, started by {judge.level}, labelled by {truth.level}",
        "units": {"energy_per_atom": "eV/atom"},
        "count": len(records),
    }
    return {"meta": meta, "records": records}


def labelled_again(file: Path, truth: Potential) -> dict[str, Any]:
    """A pool with single points of another truth; what this cannot compute is left out."""
    made = json.loads(gzip.decompress(file.read_bytes()))
    kept = []
    for record in made["records"]:
        lattice, species = record["lattice"], record["atomic_numbers"]
        crystal = Structure(lattice, species, record["frac_coords"])
        energy = float(energies_of(truth, CrystalBatch.from_structures([crystal]))[0])
        if np.isfinite(energy):
            record["energy_per_atom"] = round(energy / len(crystal), 6)
            del record["static_energy_per_atom"]
            kept.append(record)
    source = f"{made['meta']['source']}; single points by {truth.level}"
    return {"meta": {**made["meta"], "source": source, "count": len(kept)}, "records": kept}


def _pure(start: Relaxation) -> bool:
    return len(start.structure.composition) == 1


def main() -> None:
    """Make the pools that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("systems", nargs="*")
    parser.add_argument("--again", nargs="*", type=Path, default=[], metavar="POOL")
    parser.add_argument("--truth", default="chgnet")
    parser.add_argument("--each", type=int, default=3, help="of each source and cell")
    parser.add_argument("--most", type=int, default=120, help="compounds of a pool")
    parser.add_argument("--max-atoms", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for system in options.systems:
        _write(options.out / f"{system}.json.gz", pool(system, options))
    for file in options.again:
        _write(options.out / file.name, labelled_again(file, load_potential(options.truth)))


def _write(file: Path, made: dict[str, Any]) -> None:
    file.write_bytes(gzip.compress(json.dumps(made, separators=(",", ":")).encode(), mtime=0))
    print(f"{file}: {made['meta']['count']} crystals", flush=True)


if __name__ == "__main__":
    main()
