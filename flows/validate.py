"""DFT checks of chosen crystals, started by an event, a schedule or a hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from pydantic import BaseModel, Field

from dao_core.forms import FORM
from dao_core.units import SECONDS_PER_DAY
from flows.events import labels_added
from flows.naming import asked
from flows.retrying import RETRY
from flows.slots import DFT_LIMIT, slot
from flows.store_address import StoreAddress
from flows.tagging import run_tagged
from flows.validation.crystals import find_crystals
from flows.validation.settings import DftSettings
from stores import open_store


class ValidateRequest(BaseModel):
    """Which crystals are checked, and how.

    Attributes:
        crystals: Ids of candidates, relaxations or structures of the store.
        settings: Program, protocol, budget and limits.
        hull: Whether elements are computed too, for energies above hull.
        store: URI of the store; None is the default one.
        out: Folder for the resulting CIFs.
    """

    model_config = FORM

    crystals: tuple[str, ...] = Field(min_length=1)
    settings: DftSettings = DftSettings()
    hull: bool = True
    store: StoreAddress | None = None
    out: str = "validated"


@task(name="find", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def systems_task(request: ValidateRequest) -> list[str]:
    """The chemical systems of the crystals, elements sorted."""
    with open_store(request.store) as store:
        found = find_crystals(request.crystals, store).crystals
    return sorted({one.structure.composition.chemical_system for one in found})


@task(name="DFT", timeout_seconds=7 * SECONDS_PER_DAY, **RETRY)
def dft_task(request: ValidateRequest) -> dict[str, Any]:
    """Compute what the store does not know yet; one such task at a time on one server."""
    # Only a machine that checks needs what DFT is made with.
    from flows.validation.command import validate_given  # noqa: PLC0415

    with slot(DFT_LIMIT):
        return validate_given(
            request.crystals, request.settings, Path(request.out), request.store, hull=request.hull
        )


def run_name() -> str:
    """Name of a flow run: what it checks."""
    first, *others = asked("crystals")
    return f"validate {first} and {len(others)} more" if others else f"validate {first}"


@flow(name="validate", flow_run_name=run_name, persist_result=False)
def validate(request: ValidateRequest) -> dict[str, Any]:
    """Check crystals by DFT and write labels back; the same crystal is computed once, ever.

    A crystal that fails costs only itself; its reason is in the store.

    Args:
        request: The ids of the crystals, and how they are checked.

    Returns:
        How many crystals were computed, found done, and failed.
    """
    with run_tagged(*systems_task(request)):
        done = dft_task(request)
    checks = [*done["structures"], *done["competing"]]
    # A crystal that is a phase of its own hull too is one calculation with one label.
    ended = {c["validation_id"]: c for c in checks if c["state"] == "done" and not c["reused"]}
    new = list(ended.values())
    for level in sorted({one["level"] for one in new}):
        labels_added(level, sum(one["level"] == level for one in new))
    for failure in done["failures"]:
        get_run_logger().warning("%s: %s", failure["file"], failure["reason"])
    return {"computed": len(new), "checked": len(checks), "failed": len(done["failures"])}
