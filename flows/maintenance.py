"""Keeping the system in order: builders, a backup, and runs that nobody runs any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect import flow, get_run_logger, task
from pydantic import BaseModel, Field

from dao_core.forms import FORM
from dao_core.units import SECONDS_PER_HOUR
from flows.retrying import RETRY
from flows.stale_runs import mark_stale_runs
from flows.store_address import StoreAddress
from stores import open_store
from stores.builders import DedupBuilder, ExampleBuilder, HullBuilder, StatisticsBuilder
from stores.maintenance import back_up, check

MINUTES_OF_A_YEAR = 366 * 24 * 60.0
BUILDERS = (HullBuilder, DedupBuilder, ExampleBuilder, StatisticsBuilder)


class MaintenanceRequest(BaseModel):
    """What maintenance does.

    Attributes:
        store: URI of the store; None is the embedded one.
        backup: Folder that takes a backup, one folder per day; None for no backup.
        silent_minutes: A run whose last heartbeat is older has crashed.
    """

    model_config = FORM

    store: StoreAddress | None = None
    backup: str | None = None
    silent_minutes: float = Field(default=15.0, gt=0, le=MINUTES_OF_A_YEAR)


class MaintenanceReport(BaseModel):
    """What maintenance found and did.

    Attributes:
        built: New or changed documents taken in, by builder.
        faults: Damage, one line each.
        backup: The file of the backup.
        stale_runs: Names of the runs that were marked as crashed.
    """

    built: dict[str, int]
    faults: list[str]
    backup: str | None
    stale_runs: list[str]


@task(name="build", timeout_seconds=6 * SECONDS_PER_HOUR, **RETRY)
def build_task(uri: str | None) -> dict[str, int]:
    """Bring hulls, groups, examples and statistics up to date."""
    with open_store(uri) as store:
        reports = [builder(store).build() for builder in BUILDERS]
        return {report.builder: report.taken_in for report in reports}


@task(name="check", timeout_seconds=6 * SECONDS_PER_HOUR, **RETRY)
def check_task(uri: str | None) -> list[str]:
    """Read everything and list every fault."""
    with open_store(uri, unsound=True) as store:
        return [f"{fault.where}: {fault.what}" for fault in check(store)]


@task(name="back up", timeout_seconds=6 * SECONDS_PER_HOUR, **RETRY)
def backup_task(uri: str | None, folder: Path) -> Path:
    """Copy a consistent state of the store."""
    with open_store(uri) as store:
        return back_up(store, folder).file


@flow(name="maintenance", flow_run_name="maintenance", persist_result=False)
def maintenance(request: MaintenanceRequest | None = None) -> MaintenanceReport:
    """Run the builders, look for damage, back up, and mark runs without a heartbeat as crashed.

    A damaged store is not backed up over a sound backup: the flow fails and names the faults.

    Args:
        request: Where the store is and where backups go.
    """
    request = request or MaintenanceRequest()
    stale = mark_stale_runs(timedelta(minutes=request.silent_minutes))
    faults = check_task(request.store)
    report = MaintenanceReport(built={}, faults=faults, backup=None, stale_runs=stale)
    if faults:
        for fault in faults:
            get_run_logger().error(fault)
        raise RuntimeError(f"the store is damaged in {len(faults)} places; restore a backup")
    report.built = build_task(request.store)
    if request.backup:
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        report.backup = str(backup_task(request.store, Path(request.backup) / day))
    return report
