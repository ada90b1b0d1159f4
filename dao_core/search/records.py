"""Candidates and their relaxations, as a search knows them, whatever keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pymatgen.core import Composition, Structure
from pymatgen.symmetry.groups import sg_symbol_from_int_number

from dao_core.crystal.identity import candidate_id, structure_id
from dao_core.crystal.symmetry import space_group_number
from dao_core.crystal.validity import invalid_reason
from dao_core.errors import InputError
from dao_core.relax import Relaxation


@dataclass(frozen=True)
class Candidate:
    """One proposal of one source.

    Attributes:
        candidate_id: hash of its provenance.
        structure_id: content hash; None when the crystal is unusable.
        origin: ``dao-g``, ``template:<prototype>``, ``random`` or ``user:<file>``.
        provenance: what ``candidate_id`` is the hash of: source, model, seed, index.
        formula: reduced, for example ``MgO``.
        nsites: atoms in the cell.
        model_id: hash of the model that made it, if one did.
        rejection: why it is unusable, in one word, or None.
        structure: pymatgen dictionary as proposed.
    """

    candidate_id: str
    structure_id: str | None
    origin: str
    provenance: Mapping[str, Any]
    formula: str
    nsites: int
    model_id: str | None = None
    rejection: str | None = None
    structure: Mapping[str, Any] | None = None

    @classmethod
    def of(
        cls, structure: Structure, provenance: Mapping[str, Any], model_id: str | None = None
    ) -> Candidate:
        """A candidate, with what a look at it alone can tell.

        Args:
            structure: The crystal as proposed.
            provenance: What it came from, JSON values, ``origin`` and ``formula`` among them.
            model_id: Hash of the model that made it.
        """
        reason = invalid_reason(structure, composition=Composition(provenance["formula"]))
        return cls(
            candidate_id=candidate_id(provenance),
            structure_id=None if reason else structure_id(structure),
            origin=provenance["origin"],
            provenance=dict(provenance),
            formula=structure.composition.reduced_formula,
            nsites=len(structure),
            model_id=model_id,
            rejection=reason,
            structure=structure.as_dict(),
        )

    def to_pymatgen(self) -> Structure | None:
        """The crystal as proposed."""
        return Structure.from_dict(dict(self.structure)) if self.structure else None


@dataclass(frozen=True)
class RelaxedCandidate:
    """How one crystal relaxed at one level; failures are kept with their reason.

    Attributes:
        relaxation_id: hash of start, level and settings.
        level: energy level; under pressure it says so, and energies are enthalpies.
        stop_reason: ``converged``, ``max_steps``, ``volume_guard`` ...
        formula: reduced.
        nsites: atoms in the cell at the end.
        candidate_id: the candidate that was relaxed, if it was one.
        initial_structure_id: content hash of the start.
        structure_id: content hash of the end; None after a failure.
        energy_per_atom: eV/atom at the end.
        energy_per_atom_before: eV/atom at the start.
        energy_std: eV/atom, if the potential gives one.
        pressure: GPa.
        steps: steps taken.
        converged: whether forces and stress met their limits.
        max_force: eV/angstrom at the end.
        max_stress: eV/angstrom^3 at the end.
        volume_per_atom: cubic angstrom at the end.
        space_group: symbol at the end.
        space_group_number: 1 to 230.
        settings: criteria of the relaxation.
        structure: pymatgen dictionary at the end.
        error: why there is no result.
    """

    relaxation_id: str
    level: str
    stop_reason: str
    formula: str
    nsites: int
    candidate_id: str | None = None
    initial_structure_id: str | None = None
    structure_id: str | None = None
    energy_per_atom: float | None = None
    energy_per_atom_before: float | None = None
    energy_std: float | None = None
    pressure: float = 0.0
    steps: int = 0
    converged: bool = False
    max_force: float | None = None
    max_stress: float | None = None
    volume_per_atom: float | None = None
    space_group: str | None = None
    space_group_number: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    structure: Mapping[str, Any] | None = None
    error: str | None = None

    def to_pymatgen(self) -> Structure | None:
        """The relaxed crystal."""
        return Structure.from_dict(dict(self.structure)) if self.structure else None


def outcome(relaxation: Relaxation, formula: str, nsites: int) -> dict[str, Any]:
    """How a relaxation ended, by the names of :class:`RelaxedCandidate`.

    Args:
        relaxation: The end; its cell may have become a smaller one than that of the start.
        formula: Reduced formula of the start, which stands where there is no crystal.
        nsites: Atoms of the start.
    """
    crystal = relaxation.structure
    identified = _identified(relaxation)
    return {
        "structure_id": None,
        "space_group": None,
        "space_group_number": None,
        "structure": crystal.as_dict() if identified else None,
        "formula": crystal.composition.reduced_formula if identified else formula,
        "nsites": len(crystal) if identified else nsites,
        "energy_per_atom": relaxation.enthalpy_per_atom,
        "energy_std": relaxation.energy_std,
        "pressure": relaxation.pressure,
        "steps": relaxation.steps,
        "stop_reason": relaxation.stop_reason,
        "converged": relaxation.converged,
        "max_force": relaxation.max_force,
        "max_stress": relaxation.max_stress,
        "volume_per_atom": relaxation.volume / len(crystal) if relaxation.volume else None,
        "error": relaxation.error,
        **identified,
    }


def _identified(relaxation: Relaxation) -> dict[str, Any]:
    """Identity and space group of the relaxed crystal; empty where there is none."""
    if relaxation.error or relaxation.structure is None:
        return {}
    try:
        number = space_group_number(relaxation.structure)
        return {
            "structure_id": structure_id(relaxation.structure),
            "space_group": sg_symbol_from_int_number(number),
            "space_group_number": number,
        }
    except InputError:  # exploded or collapsed: the relaxation's stop reason says so
        return {}
