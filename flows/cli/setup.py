"""``dao setup``: make a Prefect server ready for the flows."""

from __future__ import annotations

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Verbose


def setup(as_json: Json = False, verbose: Verbose = False) -> None:
    """Make work pools, queues, concurrency limits and automations on your Prefect server.

    Needs PREFECT_API_URL. What exists is left as it is. Runs without a sign of life for ten
    minutes, which hold places of a pool, are ended, or scheduled again if no worker began them.

    Example: dao setup
    """
    set_up_logging(verbose=verbose)
    from httpx import ConnectError, HTTPStatusError
    from prefect.settings import get_current_settings

    from dao_core.errors import InputError, MissingError
    from flows.orchestration import HEARTBEATS_MISSED, bootstrap
    from flows.prefect_api import require_answer
    from flows.stale_runs import mark_stale_runs

    url = get_current_settings().api.url
    if not url:
        raise InputError("no Prefect server is named; set PREFECT_API_URL (see docs/deploy.md)")
    require_answer(url)
    try:
        done = bootstrap()
        stale = mark_stale_runs(HEARTBEATS_MISSED)
    except (ConnectError, HTTPStatusError) as error:
        raise MissingError(f"the Prefect server at {url} does not serve: {error}") from error
    result = {"server": url, "made": done.made, "kept": done.kept, "stale_runs": stale}
    lines = [*(f"made  {name}" for name in done.made), *(f"there {name}" for name in done.kept),
             *(f"freed {name}, a run without a sign of life" for name in stale)]  # fmt: skip
    emit(result, as_json=as_json, human="\n".join([f"server {url}", *lines]))
