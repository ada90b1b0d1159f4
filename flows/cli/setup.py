"""``dao setup``: make a Prefect server ready for the flows."""

from __future__ import annotations

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Verbose


def setup(as_json: Json = False, verbose: Verbose = False) -> None:
    """Make work pools, queues, concurrency limits and automations on your Prefect server.

    Needs PREFECT_API_URL. What exists is left as it is; the same command again does nothing.

    Example: dao setup
    """
    set_up_logging(verbose=verbose)
    from httpx import ConnectError, HTTPStatusError
    from prefect.settings import get_current_settings

    from dao_core.errors import InputError, MissingError
    from flows.orchestration import bootstrap

    url = get_current_settings().api.url
    if not url:
        raise InputError("no Prefect server is named; set PREFECT_API_URL (see docs/deploy.md)")
    try:
        done = bootstrap()
    except (ConnectError, HTTPStatusError) as error:
        raise MissingError(f"the Prefect server at {url} does not serve: {error}") from error
    result = {"server": url, "made": done.made, "kept": done.kept}
    lines = [*(f"made  {name}" for name in done.made), *(f"there {name}" for name in done.kept)]
    emit(result, as_json=as_json, human="\n".join([f"server {url}", *lines]))
