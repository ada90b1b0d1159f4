"""Validation: crystals in, energies, relaxed crystals and energies above hull out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, Field
from pymatgen.core import Composition, Structure

from dao_core.elements.ground_states import element_structure
from dao_core.errors import DaoError, InputError, LevelMismatchError
from dao_core.hull import PhaseEntry, energies_above_hull
from dft_inputs.corrections import Correction
from dft_inputs.method import Method
from dft_inputs.running.codes import level_for
from dft_inputs.running.element_energies import results_for
from dft_inputs.running.folder import CalculationFailure, CalculationFolder, CalculationResult
from dft_inputs.running.ledger import Ledger
from dft_inputs.running.pool import CalculationPool, Outcome, warm_up
from dft_inputs.running.request import CalculationRequest, Limits, validations_root
from dft_inputs.structure_field import StructureField

logger = logging.getLogger(__name__)


class Validation(BaseModel):
    """What became of one crystal."""

    name: str
    formula: str
    state: str = Field(description="done or failed")
    reason: str | None = Field(default=None, description="Short word, when it failed")
    message: str | None = Field(default=None, description="What to do about it, when it failed")
    exit_code: int = Field(default=0, description="2 wrong input, 3 missing, 4 failed")
    key: str | None = Field(default=None, description="Name of the calculation")
    fingerprint: str | None = Field(default=None, description="Of the level of the calculation")
    calculation_level: str | None = Field(
        default=None, description="Level of theory, restricted to the crystal's elements"
    )
    reused: bool = Field(default=False, description="The calculation was finished before")
    level: str | None = Field(default=None, description="Level of theory of the hull")
    pressure: float = Field(default=0.0, description="GPa, under which it was relaxed")
    energy_above_hull: float | None = Field(
        default=None, description="eV/atom, at this level; of enthalpies under pressure"
    )
    hull_message: str | None = Field(default=None, description="Why there is no energy above hull")
    core_hours: float = Field(default=0.0, description="Booked for this calculation so far")
    corrections: list[Correction] = Field(
        default_factory=list, description="What was corrected, or tried in vain, in all its runs"
    )
    structure: StructureField | None = Field(default=None, description="As it was given")
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


class Memory(Protocol):
    """What was computed before, here or elsewhere."""

    def results(self, keys: Sequence[str]) -> Iterable[CalculationResult]:
        """Results of calculations by key; those that are not known are left out."""

    def hull_points(
        self, level: str, elements: Sequence[str], pressure: float
    ) -> Mapping[str, PhaseEntry]:
        """Enthalpies of the crystals of a chemical system at a level and pressure (GPa), by name.

        Without pressure these are their energies.
        """


@dataclass
class _Plan:
    """Formulas and requests by name, and the failures that were found before anything ran."""

    formulas: dict[str, str] = field(default_factory=dict)
    requests: dict[str, CalculationRequest] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    refused: dict[str, DaoError] = field(default_factory=dict)

    def add(self, name: str, structure: Structure, method: Method, system: Sequence[str]) -> None:
        """Plan one crystal; a bad one costs only itself."""
        elements = sorted(element.symbol for element in structure.composition.elements)
        self.formulas[name] = structure.composition.reduced_formula
        try:
            if not structure.is_ordered:
                raise InputError(f"{structure.formula} has partial occupancies: order it first.")
            if not set(elements) <= set(system):
                raise InputError(f"{structure.formula} is not of the system {'-'.join(system)}.")
            level = level_for(method, elements, system)
            self.requests[name] = CalculationRequest(structure, method, tuple(system), level)
            self.levels[name] = level_for(method, system, system).name
        except DaoError as error:
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
    memory: Memory | None = None,
    on_end: Callable[[Validation], None] | None = None,
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
        memory: What was computed elsewhere, such as a store that machines share.
        on_end: Hears of each crystal and phase as soon as it has ended, before there is a hull.

    Returns:
        One entry per crystal in the order given, and one per competing phase.

    Raises:
        InputError: If there is nothing to compute.
    """
    if not structures:
        raise InputError("There is no structure to validate.")
    warm_up()
    method, limits = method or Method(), limits or Limits()
    run = _Run((root or validations_root()).resolve(), limits.account)
    for name, structure in structures.items():
        run.plan.add(name, structure, method, _system(structure, chemical_system))
    if hull:
        _plan_phases(run.phases, structures, method, chemical_system, competing or {})
    wanted = [*run.phases.requests.values(), *run.plan.requests.values()]
    _recall(run.root, [*run.phases.requests.values()], results_for)
    if memory is not None:
        _recall(run.root, wanted, memory.results)
    run.known = {r.key for r in wanted if CalculationFolder(run.root, r.key).result() is not None}

    def tell(key: str, outcome: Outcome) -> None:
        for plan in (run.phases, run.plan):
            for name, request in plan.requests.items():
                if request.key == key and on_end is not None:
                    on_end(run.validation(name, plan, outcome))

    outcomes = CalculationPool(run.root, limits).run(wanted, tell)
    report = run.report(outcomes)
    if hull:
        _place_on_hulls(report, run.plan, memory)
    return report


@dataclass
class _Run:
    """What one call of :func:`validate` asks for, and how it tells what became of it."""

    root: Path
    account: str
    plan: _Plan = field(default_factory=_Plan)
    phases: _Plan = field(default_factory=_Plan)
    known: set[str] = field(default_factory=set)

    @property
    def ledger(self) -> Ledger:
        return Ledger.of(self.root)

    def report(self, outcomes: Mapping[str, Outcome]) -> ValidationReport:
        """All entries, the crystals in the order in which they were given."""
        return ValidationReport(
            validations=[self._entry(name, self.plan, outcomes) for name in self.plan.formulas],
            competing=[self._entry(name, self.phases, outcomes) for name in self.phases.formulas],
            core_hours=self.ledger.core_hours(self.account),
        )

    def _entry(self, name: str, plan: _Plan, outcomes: Mapping[str, Outcome]) -> Validation:
        if name in plan.requests:
            return self.validation(name, plan, outcomes[plan.requests[name].key])
        error = plan.refused[name]
        return Validation(
            name=name,
            formula=plan.formulas[name],
            state="failed",
            reason=error.reason,
            message=str(error),
            exit_code=error.exit_code,
        )

    def validation(self, name: str, plan: _Plan, outcome: Outcome) -> Validation:
        """Entry of a crystal that was computed, or failed while it was."""
        request = plan.requests[name]
        failure = outcome if isinstance(outcome, CalculationFailure) else None
        return Validation(
            name=name,
            formula=plan.formulas[name],
            state="failed" if failure else "done",
            reason=failure.reason if failure else None,
            message=failure.message if failure else None,
            exit_code=failure.exit_code if failure else 0,
            key=request.key,
            fingerprint=request.level.fingerprint(),
            calculation_level=request.level.name,
            reused=request.key in self.known,
            level=plan.levels[name],
            pressure=request.method.pressure,
            core_hours=self.ledger.core_hours(calculation=request.key),
            corrections=outcome.corrections,
            structure=request.structure,
            result=outcome if isinstance(outcome, CalculationResult) else None,
        )


def _recall(
    root: Path,
    wanted: Sequence[CalculationRequest],
    results: Callable[[Sequence[str]], Iterable[CalculationResult]],
) -> None:
    """Put results that are known elsewhere into the folders of their calculations.

    What a folder says otherwise was changed or damaged after it became known.
    """
    for result in results(sorted({request.key for request in wanted})):
        folder = CalculationFolder(root, result.key)
        found = folder.result()
        if found is not None and _told(found) != _told(result):
            logger.warning("%s: result.json was changed; it is as stored again", folder.path)
        if found is None or _told(found) != _told(result):
            folder.write(result)


def _told(result: CalculationResult) -> str:
    """What a result says, without the long document of its last run."""
    return result.model_dump_json(exclude={"task"})


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
    """Elements and competing phases of every system, relaxed at the level of that system."""
    method = replace(method, workflow="relax")  # an unrelaxed corner would raise the whole hull
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
        # Under pressure the known crystal of an element may give way to another, or may not.
        for element in sorted(set(system) - (set() if method.pressure else pure)):
            try:
                phases.add(element + suffix, element_structure(element), method, system)
            except InputError as error:
                if element not in pure:
                    phases.formulas[element + suffix] = element
                    phases.refused[element + suffix] = error


def _place_on_hulls(report: ValidationReport, plan: _Plan, memory: Memory | None) -> None:
    """Place the crystals of each system on its hull, all of whose phases it needs."""
    by_system: dict[str, list[Validation]] = {}
    for validation in report.done:
        system = "-".join(plan.requests[validation.name].chemical_system)
        by_system.setdefault(system, []).append(validation)
    for system, candidates in by_system.items():
        phases = [phase for phase in report.competing if phase.name.endswith(f" in {system}")]
        try:
            pressure = plan.requests[candidates[0].name].method.pressure
            points = {entry.name: _point(entry, pressure) for entry in [*phases, *candidates]}
            if memory is not None:
                level = plan.levels[candidates[0].name]
                points = {**memory.hull_points(level, system.split("-"), pressure), **points}
            above = _energies_above_hull(points, system)
        except LevelMismatchError as error:
            for candidate in candidates:
                candidate.hull_message = str(error)
            continue
        for candidate in candidates:
            candidate.energy_above_hull = above[candidate.name]


def _energies_above_hull(points: Mapping[str, PhaseEntry], system: str) -> dict[str, float | None]:
    """Energies above the hull of a system, which every element must span, eV/atom by name."""
    inside = {name: one for name, one in points.items() if one.elements <= set(system.split("-"))}
    pure = [one.elements for one in inside.values() if len(one.elements) == 1]
    missing = sorted(set(system.split("-")).difference(*pure))
    if missing:
        raise LevelMismatchError(
            f"There is no hull of {system}: {', '.join(missing)} has no energy at this level."
        )
    return dict(zip(inside, energies_above_hull(list(inside.values())), strict=True))


def _point(validation: Validation, pressure: float) -> PhaseEntry:
    """The energy of an entry; under pressure (GPa) its enthalpy."""
    if validation.result is None or validation.level is None:
        raise LevelMismatchError(
            f"There is no hull: {validation.name} has no energy ({validation.message})"
        )
    enthalpy = validation.result.enthalpy_per_atom(pressure)
    return PhaseEntry(Composition(validation.result.formula), enthalpy, validation.level)
