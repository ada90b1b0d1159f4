"""Second stage: one energy (enthalpy) of every valid, unique candidate as it was proposed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from dao_core import progress
from dao_core.crystal.batch import CrystalBatch
from dao_core.hashing import content_id
from dao_core.potentials import energies_of
from dao_core.search.batches import by_atoms
from dao_core.search.records import Candidate
from dao_core.search.setup import SearchSetup
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

STAGE = "screened"
MAX_ATOMS = 1024
MAX_CRYSTALS = 128


def screening_batches(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The batches in which candidates are screened, equal for equal candidates."""
    ordered = sorted(candidates, key=lambda candidate: (candidate.nsites, candidate.candidate_id))
    return by_atoms(ordered, lambda c: c.nsites, max_atoms=MAX_ATOMS, max_items=MAX_CRYSTALS)


def batch_key(level: str, batch: Sequence[Candidate]) -> str:
    """Content key of a screening batch at a level."""
    ids = [candidate.candidate_id for candidate in batch]
    return content_id(STAGE, {"level": level, "candidate_ids": ids})


def screen(search: SearchSetup, batch: Sequence[Candidate]) -> None:
    """Evaluate a batch with the search's potential, and keep its energies (eV/atom)."""
    begun = time.monotonic()
    structures = [candidate.to_pymatgen() for candidate in batch]
    crystals = CrystalBatch.from_structures([s for s in structures if s is not None])
    energy = energies_of(search.potential, crystals).double().cpu()
    pressure = search.request.pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA
    enthalpies = (energy + pressure * crystals.volume.double().cpu()).tolist()
    outcome = {
        candidate.candidate_id: value / candidate.nsites if math.isfinite(value) else None
        for candidate, value in zip(batch, enthalpies, strict=True)
    }
    search.record(batch_key(search.level, batch), STAGE, outcome, time.monotonic() - begun)
    progress.advance(STAGE, len(batch))
