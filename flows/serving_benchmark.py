"""The models that serve, measured against a set: on a schedule, and after every promotion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from pydantic import BaseModel, Field

from dao_core.evaluation.benchmark import (
    Chosen,
    Contestant,
    benchmark_energies,
    benchmark_structures,
)
from dao_core.evaluation.structure_benchmark import BenchmarkSettings
from dao_core.forms import FORM
from dao_core.hashing import content_id
from dao_core.units import SECONDS_PER_DAY
from flows.naming import asked
from flows.retrying import RETRY
from flows.serving import Served, model_name, served_models
from flows.store_address import StoreAddress
from stores import open_store
from stores.documents import EventDocument, utc_now


class BenchmarkRequest(BaseModel):
    """What the models are measured on.

    Attributes:
        set: CSV file, record file or folder of known crystals.
        limit: So many of them, drawn with a fixed seed.
        samples: Of each composition.
        seeds: One run each.
        out: Folder of the results and of the pieces from which a killed run goes on.
        store: URI of the store whose models are measured; None is the default one.
    """

    model_config = FORM

    set: str = Field(min_length=1)
    limit: int | None = Field(default=500, ge=1)
    samples: int = Field(default=20, ge=1)
    seeds: tuple[int, ...] = (0,)
    out: str = "benchmarks"
    store: StoreAddress | None = None


@task(name="structures and energies", timeout_seconds=3 * SECONDS_PER_DAY, **RETRY)
def measure_task(request: BenchmarkRequest, served: Served, folder: Path) -> dict[str, Any]:
    """Predict the structures and the energies of the set."""
    with open_store(request.store) as store:
        generator = model_name(store, "generator", served)
        predictor = model_name(store, "predictor", served)
    potential = predictor if predictor == "dao-p" else f"dao-p:{predictor}"
    chosen = Chosen(Path(request.set), request.limit)
    structures = benchmark_structures(
        chosen,
        Contestant("dao-g", generator, None, potential),
        BenchmarkSettings(request.samples, request.seeds, 0, None),
        folder / "structures",
    )
    energies = benchmark_energies(chosen, potential, "none", 0, request.seeds, folder / "energies")
    return {"stages": structures["stages"], "clean": energies["clean"], "level": energies["level"],
            "set_hash": structures["set_hash"], "seeds": list(request.seeds)}  # fmt: skip


def run_name() -> str:
    """Name of a flow run: what the models are measured on."""
    return f"benchmark {asked('set')}"


@flow(name="benchmark", flow_run_name=run_name, persist_result=False)
def benchmark(request: BenchmarkRequest) -> dict[str, Any]:
    """Measure the models that serve against a set; each pair of models is measured once.

    The figures are kept in the store as an event `benchmark`.

    Args:
        request: Only `set` must be given: a CSV or record file of known crystals.
    """
    with open_store(request.store) as store:
        served = served_models(store)
        content = {**request.model_dump(mode="json", exclude={"store", "out"}), "models": served}
        key = content_id("b", content)
        known = store.get(EventDocument, key)
    if known is not None:
        get_run_logger().info("these models are measured: %s", key)
        return known.detail
    figures = measure_task(request, served, Path(request.out) / key)
    with open_store(request.store) as store:
        subject = served.get("generator", "dao-g")
        detail = {**figures, "models": served}
        store.put(EventDocument(event_id=key, kind="benchmark", subject=subject, detail=detail,
                                happened=utc_now()))  # fmt: skip
    return detail
