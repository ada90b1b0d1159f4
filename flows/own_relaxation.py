"""Relaxing the structures of files, with the store as memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymatgen.io.cif import CifWriter

from dao_core import progress
from dao_core.crystal.reading import read_given
from dao_core.potentials import Potential, load_potential
from dao_core.search.conditions import Conditions
from dao_core.search.records import Candidate, RelaxedCandidate
from dao_core.search.relaxation import (
    STAGE,
    relax_missing,
    relaxation_batches,
    relaxation_key,
)
from dao_core.search.share import own_provenance
from dao_core.writable import check_output_folder
from stores import open_store
from stores.crystals import MOMENTS
from stores.search_memory import StoreMemory

logger = logging.getLogger(__name__)


def relax_files(
    files: Sequence[Path], potential: str, out: Path, store: str | None
) -> dict[str, Any]:
    """Relax the structures of some files and write what they became as CIF.

    Args:
        files: Files or folders.
        potential: Name of the potential.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` in the order of reading, and ``failures``.

    Raises:
        DaoError: Nothing can be read, the folder cannot be written, or something is missing.
    """
    reading = read_given(files)
    check_output_folder(out)
    loaded = load_potential(potential)
    failures = [{"file": f.source, "reason": f.reason} for f in reading.failures]
    named = {n.source: Candidate.of(n.structure, own_provenance(n)) for n in reading.structures}
    failures += [{"file": f, "reason": c.rejection} for f, c in named.items() if c.rejection]
    for one in reading.structures:
        if MOMENTS in one.structure.site_properties:
            logger.warning(
                "%s: its magnetic moments go into the store, not into the CIF; for DFT with them, "
                "validate %s", one.source, named[one.source].candidate_id,
            )  # fmt: skip
    usable = {file: candidate for file, candidate in named.items() if not candidate.rejection}
    with open_store(store) as opened:
        memory = StoreMemory(opened)
        memory.put_candidates(list(usable.values()))
        found = _relaxed(list(usable.values()), loaded, memory)
        uri = opened.uri
    records = [_record(file, found[c.candidate_id], c, out) for file, c in usable.items()]
    failures += [{"file": r["file"], "reason": r["error"]} for r in records if r["error"]]
    return {"level": loaded.level, "store": uri, "structures": records, "failures": failures}


def _relaxed(
    candidates: Sequence[Candidate], potential: Potential, memory: StoreMemory
) -> dict[str, RelaxedCandidate]:
    """The relaxations by candidate id, those that are missing done now."""
    conditions = Conditions(potential.level)
    progress.begin(STAGE, len(candidates))
    for batch in relaxation_batches(candidates):
        relax_missing(batch, potential, memory, conditions)
    keys = [relaxation_key(candidate, conditions) for candidate in candidates]
    return {str(one.candidate_id): one for one in memory.relaxed(keys)}


def _record(
    file: str, relaxation: RelaxedCandidate, candidate: Candidate, out: Path
) -> dict[str, Any]:
    per_atom = relaxation.volume_per_atom
    return {
        "file": file,
        "formula": relaxation.formula,
        "z": candidate.provenance["z"],
        "natoms": relaxation.nsites,
        "candidate_id": candidate.candidate_id,
        "structure_id": relaxation.structure_id,
        "space_group": relaxation.space_group,
        "energy_before": relaxation.energy_per_atom_before,
        "energy_per_atom": relaxation.energy_per_atom,
        "energy_std": relaxation.energy_std,
        "steps": relaxation.steps,
        "stop_reason": relaxation.stop_reason,
        "converged": relaxation.converged,
        "max_force": relaxation.max_force,
        "volume": per_atom * relaxation.nsites if per_atom else None,
        "cif": _write_cif(relaxation, candidate, out),
        "error": relaxation.error,
    }


def _write_cif(relaxation: RelaxedCandidate, candidate: Candidate, out: Path) -> str | None:
    structure = relaxation.to_pymatgen()
    if structure is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{relaxation.formula}_{candidate.candidate_id}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
