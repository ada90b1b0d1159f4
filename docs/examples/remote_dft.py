"""DFT by jobflow-remote: a check is planned here, computed on a cluster, and written back here."""

from __future__ import annotations

from jobflow import Flow, JobStore
from pymatgen.core import Structure

from dft_inputs.method import Method
from dft_inputs.qe.flow import flow_for, result_of
from dft_inputs.running.codes import level_for
from dft_inputs.running.request import CalculationRequest
from dft_inputs.running.validation import Validation
from flows.validation.memory import StoreMemory
from stores import DaoStore


def planned(crystal: Structure, system: tuple[str, ...], method: Method) -> CalculationRequest:
    """The check of one crystal at the level of a chemical system."""
    elements = sorted(element.symbol for element in crystal.composition.elements)
    return CalculationRequest(crystal, method, system, level_for(method, elements, system))


def flow_of(request: CalculationRequest) -> Flow:
    """The flow to be submitted; its name is how it is found again."""
    flow = flow_for(request, walltime=None)
    flow.name = request.key
    return flow


def write_back(
    request: CalculationRequest, flow: Flow, outputs: JobStore, store: DaoStore, candidate: str
) -> None:
    """Write check and label into the store, where `dao validate` finds the crystal computed.

    Args:
        request: What was asked for.
        flow: What was submitted.
        outputs: The job store of the cluster's project.
        store: Where documents live.
        candidate: Id of the candidate that the crystal came from.
    """
    jobs = outputs.query({"hosts": flow.uuid}, properties=["output"], sort={"completed_at": 1})
    documents = [job["output"] for job in jobs if isinstance(job["output"], dict)]
    result = result_of(request, flow.output.resolve(outputs), documents)
    system = request.chemical_system
    done = Validation(
        name=candidate,
        formula=result.formula,
        state="done",
        key=request.key,
        fingerprint=request.level.fingerprint(),
        calculation_level=request.level.name,
        level=level_for(request.method, system, system).name,
        structure=request.structure,
        result=result,
    )
    StoreMemory(store, {candidate: candidate}).keep(done)
