"""``dao store export``: structures that match, as files of the field's formats."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose
from flows.cli.store.selecting import Collection, Query, Sort, parse


class Format(StrEnum):
    """What can be written; the writers stand in ``stores.export.FORMATS``."""

    CIF = "cif"
    EXTXYZ = "extxyz"
    PARQUET = "parquet"
    ENTRIES = "entries"


def export(
    query: Query = "",
    out: Annotated[
        Path, typer.Option("--out", metavar="PATH", help="The file; for CIF the folder.")
    ] = Path("export"),
    to: Annotated[
        Format,
        typer.Option("--format", help="entries: a JSON list of pymatgen's ComputedStructureEntry."),
    ] = Format.CIF,
    collection: Collection = "thermo",
    sort: Sort = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="At most so many; 0 for all.")
    ] = 0,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write the structures that match, with their energies and what else is known of them.

    Example: dao store export "chemsys=Mg-O is_stable=true" --format extxyz --out mgo.extxyz
    """
    set_up_logging(verbose=verbose)
    from dao_core.errors import InputError
    from stores import open_store
    from stores.export import FORMATS, select

    with open_store(store) as opened:
        kind, criteria, order = parse(opened, query, collection, sort)
        selected = list(select(opened, criteria, kind, sort=order, limit=limit))
        uri = opened.uri
    if not selected:
        raise InputError(f"no {collection} with a structure match {query!r} in {uri}")
    if to is not Format.CIF and out.is_dir():
        raise InputError(f"{out} is a folder; --out names the {to} file")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        files = FORMATS[to](selected, out)
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror})") from error
    levels = {one.facts.get("level") for one in selected}
    result = {
        "level": levels.pop() if len(levels) == 1 else None,
        "store": uri,
        "structures": len(selected),
        "format": to.value,
        "out": str(out),
        "files": [str(file) for file in files],
    }
    emit(result, as_json=as_json, human=f"{len(selected)} structures in {out}")
