"""Second stage: the energy (enthalpy) of every valid, unique candidate at its best volume.

A candidate comes with the volume that bond lengths suggest. Its energy there says more about that
volume than about the crystal, so that three volumes are tried; relaxation finds the true one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from dao_core import progress
from dao_core.hashing import content_id
from dao_core.potentials.volume_scan import SCALES, volume_scan
from dao_core.search.batches import by_atoms
from dao_core.search.records import Candidate
from dao_core.search.setup import SearchSetup

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
    return content_id(STAGE, {"level": level, "candidate_ids": ids, "volumes": SCALES})


def screen(search: SearchSetup, batch: Sequence[Candidate]) -> None:
    """Evaluate a batch with the search's potential, and keep its energies (eV/atom)."""
    begun = time.monotonic()
    known = {c.candidate_id: s for c in batch if (s := c.to_pymatgen()) is not None}
    scanned = volume_scan([*known.values()], search.potential, search.request.pressure)
    outcome = {
        candidate_id: one.energy_per_atom for candidate_id, one in zip(known, scanned, strict=True)
    }
    search.record(batch_key(search.level, batch), STAGE, outcome, time.monotonic() - begun)
    progress.advance(STAGE, len(batch))
