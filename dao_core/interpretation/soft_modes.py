"""What becomes of an unstable crystal: a candidate again, relaxed from beyond its soft mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.asked import Crystal
from dao_core.crystal.identity import structure_id
from dao_core.interpretation.finding import write_cif
from dao_core.phonons import FinitePhononDoc, SoftMode, along_soft_mode
from dao_core.potentials import Potential
from dao_core.search.conditions import Conditions
from dao_core.search.memory import SearchMemory
from dao_core.search.records import Candidate
from dao_core.search.relaxation import relax_missing, relaxation_key
from dao_core.search.sources import SoftModeSource


def down_the_soft_mode(
    parent: Crystal,
    minimum: Structure,
    phonons: FinitePhononDoc,
    potential: Potential,
    conditions: Conditions,
    memory: SearchMemory,
    out: Path,
) -> dict[str, Any]:
    """Displace an unstable crystal along its softest mode, relax it, and keep it as a candidate.

    The next campaign of its composition takes it up. The same crystal at the same level gives the
    same candidate, which is relaxed once.

    Args:
        parent: The crystal that was asked about.
        minimum: The same, relaxed within its symmetry.
        phonons: Of ``minimum``.
        potential: Relaxes it.
        conditions: How, and the level.
        memory: Remembers candidate and relaxation.
        out: Folder of its CIF.

    Returns:
        ``soft_mode_candidate_id``, ``soft_mode_cif`` and ``soft_mode_energy_per_atom`` (eV/atom);
        None for each where the crystal is stable, or for what cannot be said.
    """
    mode = along_soft_mode(minimum, phonons) if phonons.unstable else None
    if mode is None:
        return _facts(None, None, None)
    candidate = _candidate(parent, mode, conditions.level)
    memory.put_candidates([candidate])
    if candidate.rejection is None:
        relax_missing([candidate], potential, memory, conditions)
    relaxed = next(iter(memory.relaxed([relaxation_key(candidate, conditions)])), None)
    end = relaxed.to_pymatgen() if relaxed else None
    cif = None if end is None else write_cif(end, parent, "soft_mode", out)
    return _facts(candidate.candidate_id, cif, relaxed.energy_per_atom if relaxed else None)


def _candidate(parent: Crystal, mode: SoftMode, level: str) -> Candidate:
    """The displaced crystal with what it came from."""
    formula, z = mode.structure.composition.get_reduced_formula_and_factor()
    identity = structure_id(parent.structure)
    provenance = {
        "source": SoftModeSource.name,
        "origin": f"{SoftModeSource.name}:{parent.candidate_id or identity}",
        "formula": formula,
        "z": int(z),
        "parent_structure_id": identity,
        "parent_candidate_id": parent.candidate_id,
        "level": level,
        "qpoint": [float(part) for part in mode.qpoint],
    }
    return Candidate.of(mode.structure, provenance)


def _facts(candidate: str | None, cif: str | None, energy: float | None) -> dict[str, Any]:
    return {
        "soft_mode_candidate_id": candidate,
        "soft_mode_cif": cif,
        "soft_mode_energy_per_atom": energy,
    }
