"""``dao report``: files and report of a campaign, written again from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit, seconds, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def report(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Id, e.g. Mg-O-1a2b3c4d.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for files. Default: campaigns/<id>."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write table, structures and HTML report of a finished campaign again.

    Example: dao report Mg-O-1a2b3c4d --out mgo
    """
    set_up_logging(verbose=verbose)
    from flows.campaign.stored import write_stored
    from flows.cli.tables import campaign_tables

    done = write_stored(campaign, out, store)
    emit(done.as_result(), as_json=as_json, human=campaign_tables(done, seconds()))
