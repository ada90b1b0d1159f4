"""``dao store query``: documents that match conditions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose
from flows.cli.store.selecting import Collection, Query, Sort, parse

if TYPE_CHECKING:
    from stores.documents import Document

LONG = {"structure", "elements", "builder_meta", "entries", "summary", "forces", "fingerprint",
        "compared", "seen", "card"}  # fmt: skip
"""Fields that are left out unless all is wanted."""
COLUMNS = ("formula", "space_group", "nsites", "level", "energy_per_atom", "energy_above_hull",
           "is_stable", "origin", "source", "source_id", "state", "kind", "name", "reason",
           "subject", "chemsys", "structures", "groups", "target", "training_class")  # fmt: skip
"""Fields that are worth a column, in this order."""


def query(
    query: Query = "",
    collection: Collection = "thermo",
    sort: Sort = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="At most so many; 0 for all.")
    ] = 100,
    full: Annotated[
        bool, typer.Option("--full", help="In JSON: structures and other long fields as well.")
    ] = False,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the documents that match.

    What builders make (thermo, hulls ...) is first brought up to date with what is new.

    Example: dao store query "chemsys=Mg-O e_above_hull<0.05" --sort energy_above_hull
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import listed
    from stores import open_store

    with open_store(store) as opened:
        kind, criteria, order = parse(opened, query, collection, sort)
        found = list(opened.find(kind, criteria, sort=order, limit=limit))
        total = opened.collections[collection].count(criteria)
        uri = opened.uri
    rows = [_row(one, full=full) for one in found]
    levels = {row.get("level") for row in rows}
    columns = (kind.key, *(name for name in COLUMNS if name in kind.model_fields))
    table = listed(rows, columns, f"{len(rows)} of {total} {collection} in {uri}")
    result = {
        "level": levels.pop() if len(levels) == 1 else None,
        "store": uri,
        "collection": collection,
        "found": total,
        "documents": rows,
    }
    emit(result, as_json=as_json, human=table)


def _row(document: Document, *, full: bool) -> dict[str, Any]:
    """A document as plain JSON values; a number that is none (NaN) becomes null."""
    return json.loads(
        document.model_dump_json(exclude=set() if full else LONG), parse_constant=lambda _: None
    )
