"""The known answer: the reference phases of a system at the level of the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pymatgen.core import Structure

from dao_core.drafts import draft_of
from dao_core.errors import InputError
from dao_core.evaluation.discovery import KnownPhase, stable_compounds
from dao_core.evaluation.simulation.request import SimulationRequest
from dao_core.potentials import Potential
from dao_core.relax import relax
from dao_core.search.compositions import parse_target
from dao_core.search.conditions import RELAX_SETTINGS
from dao_core.training.records import Crystal, read_crystals

LARGEST = 48
"""Atoms; larger reference phases are not relaxed."""
HOLDOUT_ATOMS = 20
HOLDOUT = 64
"""Crystals that judge the models; fewer than the least say nothing."""
LEAST_HOLDOUT = 10


@dataclass(frozen=True)
class Answer:
    """What is known of a system.

    Attributes:
        phases: All reference phases, elements among them.
        wanted: The stable compounds that a search within ``max_atoms`` can find.
        level: Of all energies.
    """

    phases: list[KnownPhase]
    wanted: list[KnownPhase]
    level: str


def known_answer(request: SimulationRequest, truth: Potential) -> Answer:
    """Relax the reference phases of the system with the truth; done before, read from ``out``.

    Raises:
        InputError: The file has no stable compound of the system of at most ``max_atoms`` atoms.
    """
    file = request.out / "answer.json"
    phases = _known(file)
    if phases is None:
        phases = _relaxed(request, truth)
        _write(file, phases)
    wanted = stable_compounds(phases, truth.level, request.max_atoms)
    if not wanted:
        raise InputError(
            f"{request.reference}: no stable compound of {request.system} with at most "
            f"{request.max_atoms} atoms at level {truth.level}; there is nothing to find"
        )
    return Answer(phases, wanted, truth.level)


def holdout_crystals(request: SimulationRequest) -> list[Structure]:
    """Crystals outside the system that judge the models, the same for each search.

    Raises:
        InputError: There are too few.
    """
    file = request.holdout or request.reference
    inside = set(parse_target([request.system]).elements)
    crystals = [_structure(one) for one in read_crystals([file], HOLDOUT_ATOMS).crystals]
    outside = [one for one in crystals if not _symbols(one) <= inside]
    if len(outside) < LEAST_HOLDOUT:
        raise InputError(
            f"{file}: only {len(outside)} crystals outside {request.system} to judge models on; "
            f"give a record file with at least {LEAST_HOLDOUT} as the hold-out"
        )
    order = np.random.default_rng(0).permutation(len(outside))
    return [outside[i] for i in order[:HOLDOUT]]


def _relaxed(request: SimulationRequest, truth: Potential) -> list[KnownPhase]:
    inside = set(parse_target([request.system]).elements)
    crystals = read_crystals([request.reference], LARGEST).crystals
    named = [(one.material_id, _structure(one)) for one in crystals]
    found = [(name, structure) for name, structure in named if _symbols(structure) <= inside]
    ends = relax([structure for _, structure in found], truth, RELAX_SETTINGS)
    return [
        KnownPhase(name, end.structure, end.energy_per_atom)
        for (name, _), end in zip(found, ends, strict=True)
        if end.converged and end.energy_per_atom is not None
    ]


def _structure(crystal: Crystal) -> Structure:
    return Structure(crystal.lattice, crystal.atomic_numbers.tolist(), crystal.frac_coords)


def _symbols(structure: Structure) -> set[str]:
    return {element.symbol for element in structure.composition.elements}


def _write(file: Path, phases: list[KnownPhase]) -> None:
    rows = [
        {"name": one.name, "structure": one.structure.as_dict(), "energy": one.energy_per_atom}
        for one in phases
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(file) as draft:
        draft.write_text(json.dumps(rows), encoding="utf-8")


def _known(file: Path) -> list[KnownPhase] | None:
    """What :func:`_write` wrote; None where the file is missing or damaged."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [
            KnownPhase(row["name"], Structure.from_dict(row["structure"]), row["energy"])
            for row in rows
        ]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
