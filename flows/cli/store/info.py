"""``dao store info``: what the store holds."""

from __future__ import annotations

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def info(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show where the store is and how many documents each collection has.

    ``waiting`` counts the documents that are kept on this machine while a server is away.

    Example: dao store info --json
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import listed
    from stores import open_store

    with open_store(store) as opened:
        counts = {name: found.count() for name, found in opened.collections.items()}
        uri = opened.uri
        waiting = opened.spool.waiting() if opened.spool else 0
    rows = [{"collection": name, "documents": count} for name, count in counts.items()]
    line = f"{uri}{f'; {waiting} documents wait for it here' if waiting else ''}"
    table = listed(rows, ("collection", "documents"), line)
    result = {"store": uri, "documents": counts, "waiting": waiting}
    emit(result, as_json=as_json, human=table)
