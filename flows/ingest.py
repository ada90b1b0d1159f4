"""Taking a source into the store, on a schedule."""

from __future__ import annotations

from prefect import flow, get_run_logger, task
from pydantic import BaseModel, Field

from dao_core.forms import FORM
from dao_core.units import SECONDS_PER_DAY
from flows.events import labels_added
from flows.naming import asked
from flows.retrying import RETRY
from flows.store_address import StoreAddress
from stores import open_store
from stores.ingest import IngestReport, open_source
from stores.ingest import ingest as take_in


class IngestRequest(BaseModel):
    """What is taken in.

    Attributes:
        source: For example ``mp:Mg-O``, ``optimade:URL``, ``vasp:FOLDER``, or a file.
        level: Energy level of a record file or CSV, or of calculations; None for its own.
        query: OPTIMADE filter.
        limit: How many entries to read now; None for all.
        store: URI of the store; None is the embedded one.
    """

    model_config = FORM

    source: str = Field(min_length=1)
    level: str | None = None
    query: str = ""
    limit: int | None = Field(default=None, ge=1)
    store: StoreAddress | None = None


def run_name() -> str:
    """Name of a flow run: what it takes in."""
    return f"ingest {asked('source')}"


@task(name="take in", timeout_seconds=SECONDS_PER_DAY, **RETRY)
def take_in_task(request: IngestRequest) -> IngestReport:
    """Take in what is missing; after an interruption it goes on where it stopped."""
    with open_store(request.store) as store:
        source = open_source(request.source, level=request.level, query=request.query)
        return take_in(store, source, limit=request.limit)


@flow(name="ingest", flow_run_name=run_name, persist_result=False)
def ingest(request: IngestRequest) -> dict[str, int]:
    """Take structures and labels of a database, file or folder into the store.

    Repeating it takes in what changed; an interrupted run goes on where it stopped.

    Args:
        request: Only `source` must be given, for example `mp:Mg-O`.

    Returns:
        How many entries were read, documents written, and entries rejected by reason.
    """
    report = take_in_task(request)
    get_run_logger().info("%s: %d entries, rejected %s", report.source, report.read,
                          report.rejected)  # fmt: skip
    for note, count in report.notes.items():
        get_run_logger().warning("%d entries: %s", count, note)
    for level, count in report.labels.items():
        labels_added(level, count)
    return {
        "read": report.read,
        "inserted": report.written.inserted,
        "updated": report.written.updated,
        **report.rejected,
    }
