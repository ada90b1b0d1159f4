"""Flow runs are tagged, with their chemical systems or level; their tasks are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect import get_client
from prefect.context import TagsContext
from prefect.runtime import flow_run


@contextmanager
def run_tagged(*tags: str) -> Iterator[None]:
    """Tag the flow run that this is called in, and leave its tasks without tags.

    Before each task Prefect asks the server for the concurrency limit of each of its tags, a tenth
    of a second or more a time.

    Args:
        tags: Of the run, beside those that it has.
    """
    known = dict.fromkeys(flow_run.tags)
    wanted = dict.fromkeys([*known, *tags])
    if wanted != known:
        with get_client(sync_client=True) as client:
            client.update_flow_run(UUID(flow_run.id), tags=list(wanted))
    with TagsContext(current_tags=set()):
        yield
