"""The arguments by which documents are asked for, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import warn

if TYPE_CHECKING:
    from stores import DaoStore
    from stores.documents import Document


def known_collection(name: str) -> str:
    """Refuse a misspelt collection before a store is opened.

    Raises:
        InputError: there is none of that name.
    """
    from stores.query import collection_kind

    collection_kind(name)
    return name


Query = Annotated[
    str,
    typer.Argument(
        metavar="[QUERY]",
        help='Conditions such as "chemsys=Mg-O e_above_hull<0.05" (= != < <= > >= ~ :, a|b), '
        "or MongoDB JSON. Default: everything.",
    ),
]
Collection = Annotated[
    str,
    typer.Option(
        "--in",
        metavar="COLLECTION",
        callback=known_collection,
        help="thermo (energies on the hull), structures, candidates, relaxations, labels ...",
    ),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="FIELD", help="Sort by a field; -FIELD: the largest first."),
]


def parse(
    store: DaoStore, query: str, collection: str, sort: str | None
) -> tuple[type[Document], dict[str, Any], dict[str, int] | None]:
    """Class, criteria and order of the documents asked for, the collection brought up to date.

    Raises:
        InputError: no such collection or field, or a malformed query.
    """
    from dao_core.errors import InputError
    from stores.builders.freshness import refresh
    from stores.errors import StoreBusyError, StoreFullError, StoreReadOnlyError
    from stores.query import collection_kind, parse_query

    kind = collection_kind(collection)
    criteria = parse_query(query, kind)
    order = None
    if sort:
        name = sort.removeprefix("-")
        if name not in kind.model_fields:
            known = ", ".join(sorted(kind.model_fields))
            raise InputError(f"--sort: {collection} have no field {name!r}; they have {known}")
        order = {name: -1 if sort.startswith("-") else 1}
    try:
        refresh(store, collection)
    except (StoreReadOnlyError, StoreFullError, StoreBusyError) as error:
        warn(f"{collection} as they are, perhaps without the latest results: {error}")
    return kind, criteria, order
