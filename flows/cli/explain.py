"""``dao explain``: where something in the store came from."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def explain(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Of anything in the store, or its beginning.")
    ],
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the provenance of an id: source, model, training set, relaxations, DFT, campaigns.

    Example: dao explain c-0123456789abcdef0123
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import provenance_tree
    from flows.explanation import explain_id

    explained, top = explain_id(identity, store)
    emit(explained, as_json=as_json, human=provenance_tree(top, explained["store"]))
