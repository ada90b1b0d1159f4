"""Validation: crystals in, energies, relaxed crystals and energies above hull out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, Field
from pymatgen.core import Structure

from dft_inputs.elements import element_structure
from dft_inputs.errors import DftError, InputError, LevelMismatchError
from dft_inputs.hull import HullPoint, energies_above_hull
from dft_inputs.running.folder import CalculationFailure, CalculationFolder, CalculationResult
from dft_inputs.running.ledger import Ledger
from dft_inputs.running.pool import CalculationPool, Outcome
from dft_inputs.running.request import (
    CalculationRequest,
    Limits,
    Method,
    validations_root,
)


class Validation(BaseModel):
    """What became of one crystal."""

    name: str
    formula: str
    state: str = Field(description="done or failed")
    reason: str | None = Field(default=None, description="Short word, when it failed")
    message: str | None = Field(default=None, description="What to do about it, when it failed")
    key: str | None = Field(default=None, description="Name of the calculation")
    reused: bool = Field(default=False, description="The calculation was finished before")
    level: str | None = Field(default=None, description="Level of theory of the hull")
    energy_above_hull: float | None = Field(default=None, description="eV/atom, at this level")
    hull_message: str | None = Field(default=None, description="Why there is no energy above hull")
    core_hours: float = Field(default=0.0, description="Booked for this calculation so far")
    result: CalculationResult | None = None


class ValidationReport(BaseModel):
    """What became of all crystals, and of the phases that their hulls need."""

    validations: list[Validation]
    competing: list[Validation]
    core_hours: float = Field(description="Booked for the account so far")

    @property
    def done(self) -> list[Validation]:
        """The crystals that have a result."""
        return [validation for validation in self.validations if validation.state == "done"]


@dataclass
class _Plan:
    """Requests by name, and the failures that were found before anything ran."""

    requests: dict[str, CalculationRequest] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    refused: dict[str, DftError] = field(default_factory=dict)

    def add(self, name: str, structure: Structure, method: Method, system: Sequence[str]) -> None:
        """Plan one crystal; a bad one costs only itself."""
        elements = sorted(element.symbol for element in structure.composition.elements)
        try:
            if not structure.is_ordered:
                raise InputError(f"{structure.formula} has partial occupancies: order it first.")
            if not set(elements) <= set(system):
                raise InputError(f"{structure.formula} is not of the system {'-'.join(system)}.")
            level = method.level(elements, system)
            self.requests[name] = CalculationRequest(structure, method, tuple(system), level)
            self.levels[name] = method.level(system, system).name
        except DftError as error:
            self.refused[name] = error


def validate(
    structures: Mapping[str, Structure],
    method: Method | None = None,
    limits: Limits | None = None,
    *,
    chemical_system: Sequence[str] | None = None,
    competing: Mapping[str, Structure] | None = None,
    hull: bool = False,
    root: Path | None = None,
) -> ValidationReport:
    """Compute crystals by DFT, each once ever, and place them on the hull of their system.

    Args:
        structures: Crystals by name.
        method: How; None for Quantum ESPRESSO with the balanced protocol.
        limits: Cores, memory, walltime and budget; None for all cores of the machine.
        chemical_system: Elements whose cutoffs all calculations share; None for each crystal's own.
        competing: Phases that compete with the crystals, by name.
        hull: Whether energies above hull are wanted: elements and competing phases are then
            computed first, at the same level.
        root: Folder of all calculations; None for the default.

    Returns:
        One entry per crystal in the order given, and one per competing phase.

    Raises:
        InputError: If there is nothing to compute.
    """
    if not structures:
        raise InputError("There is no structure to validate.")
    method, limits = method or Method(), limits or Limits()
    root = (root or validations_root()).resolve()
    plan, phases = _Plan(), _Plan()
    for name, structure in structures.items():
        plan.add(name, structure, method, _system(structure, chemical_system))
    if hull:
        _plan_phases(phases, structures, method, chemical_system, competing or {})
    wanted = [*phases.requests.values(), *plan.requests.values()]
    known = {r.key for r in wanted if CalculationFolder(root, r.key).result() is not None}
    outcomes = CalculationPool(root, limits).run(wanted)
    ledger = Ledger(root / "ledger.sqlite")
    report = ValidationReport(
        validations=[_validation(n, s, plan, outcomes, known) for n, s in structures.items()],
        competing=[
            _validation(name, None, phases, outcomes, known)
            for name in [*phases.requests, *phases.refused]
        ],
        core_hours=ledger.core_hours(limits.account),
    )
    for validation in [*report.validations, *report.competing]:
        if validation.key is not None:
            validation.core_hours = ledger.core_hours(calculation=validation.key)
    if hull:
        _place_on_hulls(report, plan)
    return report


def _system(structure: Structure, given: Sequence[str] | None) -> list[str]:
    own = {element.symbol for element in structure.composition.elements}
    return sorted(own if given is None else set(given))


def _plan_phases(
    phases: _Plan,
    structures: Mapping[str, Structure],
    method: Method,
    given: Sequence[str] | None,
    competing: Mapping[str, Structure],
) -> None:
    """Elements and competing phases of every system, at the level of that system."""
    systems = {tuple(_system(structure, given)) for structure in structures.values()}
    for system in sorted(systems):
        suffix = f" in {'-'.join(system)}"
        inside = {
            name: phase
            for name, phase in competing.items()
            if {e.symbol for e in phase.composition.elements} <= set(system)
        }
        for name, phase in inside.items():
            phases.add(name + suffix, phase, method, system)
        pure = {phase.composition.chemical_system for phase in inside.values()}
        for element in set(system) - pure:
            try:
                phases.add(element + suffix, element_structure(element), method, system)
            except InputError as error:
                phases.refused[element + suffix] = error


def _validation(
    name: str,
    structure: Structure | None,
    plan: _Plan,
    outcomes: Mapping[str, Outcome],
    known: set[str],
) -> Validation:
    request = plan.requests.get(name)
    if request is None:
        error = plan.refused[name]
        formula = structure.composition.reduced_formula if structure is not None else name
        return Validation(
            name=name, formula=formula, state="failed", reason=error.reason, message=str(error)
        )
    outcome = outcomes[request.key]
    failed = isinstance(outcome, CalculationFailure)
    return Validation(
        name=name,
        formula=request.structure.composition.reduced_formula,
        state="failed" if failed else "done",
        reason=outcome.reason if isinstance(outcome, CalculationFailure) else None,
        message=outcome.message if isinstance(outcome, CalculationFailure) else None,
        key=request.key,
        reused=request.key in known,
        level=plan.levels[name],
        result=outcome if isinstance(outcome, CalculationResult) else None,
    )


def _place_on_hulls(report: ValidationReport, plan: _Plan) -> None:
    """Place the crystals of each system on its hull, all of whose phases it needs."""
    by_system: dict[str, list[Validation]] = {}
    for validation in report.done:
        system = "-".join(plan.requests[validation.name].chemical_system)
        by_system.setdefault(system, []).append(validation)
    for system, candidates in by_system.items():
        phases = [phase for phase in report.competing if phase.name.endswith(f" in {system}")]
        try:
            points = {entry.name: _point(entry) for entry in [*phases, *candidates]}
            above = energies_above_hull(points, system)
        except LevelMismatchError as error:
            for candidate in candidates:
                candidate.hull_message = str(error)
            continue
        for candidate in candidates:
            candidate.energy_above_hull = above[candidate.name]


def _point(validation: Validation) -> HullPoint:
    if validation.result is None or validation.level is None:
        raise LevelMismatchError(
            f"There is no hull: {validation.name} has no energy ({validation.message})"
        )
    return HullPoint(
        formula=validation.result.formula,
        energy_per_atom=validation.result.energy_per_atom,
        level=validation.level,
    )
