"""``dao report``: files and report of a campaign, or of all, written again from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_core.errors import InputError
from flows.cli.console import STDERR, emit, seconds, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose
from flows.report.file_names import REPORT_FILE


def report(
    campaign: Annotated[
        str | None, typer.Argument(metavar="CAMPAIGN", help="Id, e.g. Mg-O-1a2b3c4d.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="The overview of all chemical systems, for a group.")
    ] = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Serve the folder to this machine's browsers until Ctrl-C."),
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of --serve; 0 is any.")
    ] = 8000,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for files. Default: campaigns/<id>."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write table, structures and HTML report of a campaign again.

    Of one that still searches, the report of what it has found so far; the page renews itself.

    With --all: rounds, hulls over time, labels, models and cost of every chemical system.

    Example: dao report Mg-O-1a2b3c4d --out mgo

    Example: dao report Mg-O-1a2b3c4d --serve

    Example: dao report --all --out this-week
    """
    set_up_logging(verbose=verbose)
    if every == (campaign is not None):
        raise InputError("give the id of a campaign, or --all for all of them")
    if serve and campaign is None:
        raise InputError("--serve is for one campaign; --all writes one file, which opens as it is")
    if campaign is None:
        _report_all(out or Path("campaigns"), store, as_json=as_json)
        return
    from flows.campaign.stored import write_stored
    from flows.cli.campaign_tables import campaign_tables

    done = write_stored(campaign, out, store)
    emit(done.as_result(), as_json=as_json, human=campaign_tables(done, seconds()))
    if serve:
        _serve(campaign, done.folder, store, port)


def _serve(campaign: str, folder: Path, store: str | None, port: int) -> None:
    from flows.report_server import ReportServer

    with ReportServer(campaign, folder, store, port) as server:
        STDERR.print(f"http://127.0.0.1:{server.server_port}/{REPORT_FILE}  (Ctrl-C ends)")
        server.serve_forever()


def _report_all(out: Path, store: str | None, *, as_json: bool) -> None:
    from flows.campaign.overview import report_all
    from flows.cli.tables import overview_tables

    overview, file = report_all(out, store)
    result = {**overview.model_dump(mode="json"), "report": str(file)}
    emit(result, as_json=as_json, human=overview_tables(overview, file))
