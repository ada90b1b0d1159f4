"""``dao report``: files and report of a campaign, or of all, written again from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_core.errors import InputError
from flows.cli.console import emit, seconds, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def report(
    campaign: Annotated[
        str | None, typer.Argument(metavar="CAMPAIGN", help="Id, e.g. Mg-O-1a2b3c4d.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="The overview of all chemical systems, for a group.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for files. Default: campaigns/<id>."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write table, structures and HTML report of a finished campaign again.

    With --all: rounds, hulls over time, labels, models and cost of every chemical system.

    Example: dao report Mg-O-1a2b3c4d --out mgo

    Example: dao report --all --out this-week
    """
    set_up_logging(verbose=verbose)
    if every == (campaign is not None):
        raise InputError("give the id of a campaign, or --all for all of them")
    if campaign is None:
        _report_all(out or Path("campaigns"), store, as_json=as_json)
        return
    from flows.campaign.stored import write_stored
    from flows.cli.campaign_tables import campaign_tables

    done = write_stored(campaign, out, store)
    emit(done.as_result(), as_json=as_json, human=campaign_tables(done, seconds()))


def _report_all(out: Path, store: str | None, *, as_json: bool) -> None:
    from flows.campaign.overview import report_all
    from flows.cli.tables import overview_tables

    overview, file = report_all(out, store)
    result = {**overview.model_dump(mode="json"), "report": str(file)}
    emit(result, as_json=as_json, human=overview_tables(overview, file))
