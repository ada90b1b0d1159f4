"""``dao ingest``: take structures and labels into the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import FINISHED_WITH_FAILURES, emit, set_up_logging, warn
from flows.cli.options import Json, StoreUri, Verbose

REJECTIONS_SHOWN = 20


def ingest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="mp:Mg-O, oqmd:FILTER, an OPTIMADE URL, vasp:DIR, qe:DIR, a record file (.json, "
            ".jsonl), a benchmark .csv, or a file or folder of CIF, POSCAR, extended XYZ.",
        ),
    ],
    level: Annotated[
        str | None,
        typer.Option("--level", help="Energy level of the labels, where the source names none."),
    ] = None,
    query: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help="OPTIMADE filter that narrows it.")
    ] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Read at most so many now.")
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take a source into the store; an interrupted one goes on where it stopped.

    Taking in the same twice changes nothing. Every rejected entry is told with its reason and
    kept as an event; then the command ends with 4. The key of the Materials Project comes from
    MP_API_KEY.

    Example: dao ingest my-structures/
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.tables import listed
    from stores import open_store
    from stores.ingest import ingest as take_in
    from stores.ingest import open_source

    opened_source = open_source(source, level=level, query=query)
    with open_store(store) as opened, Bars() as bars:
        bars.begin("entries", limit)
        report = take_in(
            opened,
            opened_source,
            limit=limit,
            on_progress=lambda done: bars.advance("entries", done),
        )
        uri = opened.uri
    written = asdict(report.written)
    rejections = [{"entry": name, "reason": reason} for name, reason in report.rejections]
    counts = ", ".join(f"{count} {name}" for name, count in written.items() if count) or "none"
    passed = "".join(f", {n} passed over ({what})" for what, n in report.passed_over.items())
    labels = ", ".join(f"{count} at {name}" for name, count in report.labels.items()) or "none"
    line = (
        f"{report.source}: {report.read} entries, {len(rejections)} rejected{passed}; "
        f"documents: {counts}; new labels: {labels}"
    )
    human = listed(rejections[:REJECTIONS_SHOWN], ("entry", "reason"), f"{line}\n{uri}")
    result = {
        "level": level,
        "store": uri,
        "source": report.source,
        "read": report.read,
        "written": written,
        "labels": report.labels,
        "rejected": report.rejected,
        "passed_over": report.passed_over,
        "rejections": rejections,
        "notes": report.notes,
    }
    for note, count in report.notes.items():
        warn(f"{count} {'entry' if count == 1 else 'entries'}: {note}")
    emit(result, as_json=as_json, human=human)
    if rejections:
        raise typer.Exit(FINISHED_WITH_FAILURES)
