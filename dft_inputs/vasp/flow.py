"""From a request to the flow of VASP jobs that answers it, and from its document to a result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from atomate2.vasp.jobs.base import BaseVaspMaker
from atomate2.vasp.powerups import update_user_incar_settings
from emmet.core.tasks import TaskDoc
from jobflow import Flow

from dao_core.units import KBAR_PER_GPA
from dft_inputs.canonical import canonical_cell
from dft_inputs.electrons.document import ElectronicInterpretation
from dft_inputs.errors import ContradictoryOutputError
from dft_inputs.running.folder import CalculationResult
from dft_inputs.vasp.belonging import check_belonging, run_folder
from dft_inputs.vasp.electrons import INCAR, electrons_of_run
from dft_inputs.vasp.makers import vasp_maker

if TYPE_CHECKING:
    from dft_inputs.running.request import CalculationRequest


def flow_for(request: CalculationRequest, walltime: float | None) -> Flow:
    """Flow of a request; its output is atomate2's task document.

    Args:
        request: What is asked for.
        walltime: Time limit of one run of VASP, s; custodian asks it to stop before.

    Returns:
        The flow.

    Raises:
        InputError: If VASP cannot be run so.
    """
    method = request.method
    maker = vasp_maker(method)
    if method.workflow == "electrons":
        maker = update_user_incar_settings(maker, dict(INCAR))
    if walltime is not None:
        update: dict[str, Any] = {"_set": {"run_vasp_kwargs->wall_time": math.ceil(walltime)}}
        maker = maker.update_kwargs(update, class_filter=BaseVaspMaker, dict_mod=True)
    made = maker.make(canonical_cell(request.structure))
    return made if isinstance(made, Flow) else Flow([made], output=made.output)


def result_of(
    request: CalculationRequest, task: TaskDoc, documents: Sequence[Mapping[str, Any]]
) -> CalculationResult:
    """Result of a request from atomate2's task document.

    Args:
        request: What was asked for.
        task: Document of the last run.
        documents: Of all jobs, as they were stored.

    Returns:
        The result.

    Raises:
        ContradictoryOutputError: If the document has no energy or no final crystal, or its forces
            are not those of its atoms.
        ForeignOutputError: If the output is of another calculation.
        TruncatedOutputError: If its electrons are asked for, and the run does not have them.
    """
    output = task.output
    if output is None or output.energy_per_atom is None or output.structure is None:
        raise ContradictoryOutputError(f"The VASP run in {task.dir_name} has no final energy.")
    check_belonging(task, canonical_cell(request.structure), request.level.pseudo_md5)
    structure = output.structure
    forces, stress = output.forces, output.stress
    if not np.isfinite(output.energy_per_atom) or (
        forces is not None
        and (np.shape(forces) != (len(structure), 3) or not np.isfinite(forces).all())
    ):
        raise ContradictoryOutputError(
            f"The VASP run in {task.dir_name} has an energy or forces that cannot be."
        )
    # VASP counts compression as positive, in kbar.
    steps = _ionic_steps(documents)
    strain_slope = None if stress is None else -np.array(stress) / KBAR_PER_GPA
    electrons = _electrons(task) if request.method.workflow == "electrons" else None
    return CalculationResult(
        key=request.key,
        formula=structure.composition.reduced_formula,
        chemical_system=structure.composition.chemical_system,
        n_atoms=len(structure),
        structure=structure,
        energy_per_atom=output.energy_per_atom,
        energy_before=steps[0]["e_0_energy"] / len(structure) if steps else None,
        steps=len(steps),
        volume=structure.volume,
        pressure=None if strain_slope is None else -float(np.trace(strain_slope)) / 3,
        max_force=None if forces is None else float(np.linalg.norm(forces, axis=1).max()),
        forces=None if forces is None else np.array(forces).tolist(),
        stress=None if strain_slope is None else strain_slope.tolist(),
        band_gap=electrons.band_gap if electrons else output.bandgap,
        total_magnetization=_magnetization(task),
        fingerprint=request.level.fingerprint(),
        level=request.level.name,
        code="vasp",
        version=str(task.calcs_reversed[0].vasp_version) if task.calcs_reversed else "unknown",
        dir_name=str(task.dir_name),
        task=task.model_dump(mode="json", exclude={"orig_inputs", "included_objects"}),
        electrons=electrons and electrons.model_dump(mode="json"),
    )


def _electrons(task: TaskDoc) -> ElectronicInterpretation:
    """What the run of a document says of the electrons.

    Raises:
        TruncatedOutputError: If the files of the run do not have it.
    """
    return electrons_of_run(run_folder(task))


def _magnetization(task: TaskDoc) -> float | None:
    calculation = task.calcs_reversed[0] if task.calcs_reversed else None
    output = calculation.output if calculation else None
    outcar: dict[str, Any] = dict(output.outcar or {}) if output else {}
    value = outcar.get("total_magnetization")
    return None if value is None else float(value)


def _ionic_steps(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ionic steps of all runs that move atoms, in order."""
    runs = (run for one in documents for run in one.get("calcs_reversed") or ())
    moving = [run for run in runs if run["input"]["parameters"]["NSW"] > 0]
    ordered = sorted(moving, key=lambda run: run["completed_at"])
    return [step for run in ordered for step in run["output"]["ionic_steps"]]
