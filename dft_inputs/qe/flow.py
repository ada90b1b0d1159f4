"""From a request to the flow of pw.x jobs that answers it, and from its document to a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobflow import Flow, Maker

from dft_inputs.canonical import canonical_cell
from dft_inputs.method import Workflow
from dft_inputs.qe.level import generator_for
from dft_inputs.qe.makers.core import StaticMaker, VcRelaxMaker
from dft_inputs.qe.makers.electrons import ElectronsMaker
from dft_inputs.qe.makers.relaxations import ByOccupationsMaker, SettledRelaxStaticMaker
from dft_inputs.qe.program import pw_command
from dft_inputs.qe.schemas.electrons import ElectronsDoc
from dft_inputs.qe.schemas.task import PwTaskDoc
from dft_inputs.running.folder import CalculationResult

if TYPE_CHECKING:
    from dft_inputs.running.request import CalculationRequest


def flow_for(request: CalculationRequest, walltime: float | None) -> Flow:
    """Flow of a request; its output is a :class:`PwTaskDoc` or an :class:`ElectronsDoc`.

    Args:
        request: What is asked for.
        walltime: Time limit of one run of pw.x, s.

    Returns:
        The flow; its jobs go on from earlier attempts in the same root folder.
    """
    method = request.method
    kwargs: dict[str, Any] = {"command": method.command or pw_command(), "walltime": walltime}
    system = request.chemical_system
    static = StaticMaker(
        input_set_generator=generator_for(method, system), run_pw_kwargs=kwargs, resume=True
    )
    relax = VcRelaxMaker(
        input_set_generator=generator_for(method, system, "vc-relax"),
        run_pw_kwargs=kwargs,
        resume=True,
    )
    makers: dict[Workflow, Maker] = {
        "static": static,
        "relax": SettledRelaxStaticMaker(relax_maker=relax, static_maker=static),
        "electrons": ElectronsMaker(static_maker=static),
    }
    maker = ByOccupationsMaker(first_maker=static, then_maker=makers[method.workflow])
    return maker.make(canonical_cell(request.structure))


def result_of(
    request: CalculationRequest,
    document: PwTaskDoc | ElectronsDoc,
    documents: Sequence[Mapping[str, Any]],
) -> CalculationResult:
    """Result of a request from the document of its flow.

    Args:
        request: What was asked for.
        document: Of the last run, or of the electrons.
        documents: Of all jobs, as they were stored.

    Returns:
        The result.
    """
    electrons = document if isinstance(document, ElectronsDoc) else None
    task = document.task if isinstance(document, ElectronsDoc) else document
    electronic = task.electronic
    steps = _ionic_steps(documents)
    return CalculationResult(
        key=request.key,
        formula=task.formula,
        chemical_system=task.chemical_system,
        n_atoms=task.n_atoms,
        structure=task.structure,
        energy_per_atom=task.energy_per_atom,
        energy_before=steps[0]["energy"] / task.n_atoms if steps else None,
        steps=len(steps),
        volume=task.structure.volume,
        pressure=task.pressure,
        max_force=task.max_force,
        forces=task.forces,
        stress=task.stress,
        band_gap=electrons.band_gap if electrons else electronic.band_gap,
        total_magnetization=electronic.total_magnetization,
        fingerprint=task.fingerprint,
        level=task.level,
        code="quantum-espresso",
        version=task.version,
        dir_name=task.dir_name,
        task=task.model_dump(mode="json"),
        electrons=electrons and electrons.model_dump(mode="json", exclude={"task"}),
    )


def _ionic_steps(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ionic steps of all relaxations, in order; jobs that hand a document on repeat it."""
    runs = {one["dir_name"]: one for one in documents if "relax" in one.get("calculation", "")}
    ordered = sorted(runs.values(), key=lambda one: one["completed_at"])
    return [step for one in ordered for step in one["ionic_steps"]]
