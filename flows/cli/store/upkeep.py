"""``dao store backup | restore | check | migrate``: keeping the store sound."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import FINISHED_WITH_FAILURES, emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose

if TYPE_CHECKING:
    from stores.maintenance import Fault

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backup.")]


def backup(
    folder: Folder, store: StoreUri = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Copy a consistent state of the store, blobs included, while others go on writing.

    The copy is a store itself: dao store info --store DIR. A later backup to the same folder
    replaces it when it is complete; a folder with anything else but an older backup is refused.
    Ends with 4 if something in the store is damaged, and so in the copy.

    Example: dao store backup /mnt/backup/dao
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import listed
    from stores import open_store
    from stores.maintenance import back_up

    with open_store(store) as opened:
        made = back_up(opened, folder)
        uri = opened.uri
    with open_store(made.file, unsound=bool(made.faults)) as copy:
        counts = {name: found.count() for name, found in copy.collections.items()}
    rows = _rows(made.faults)
    result = {"store": uri, "backup": str(made.file), "documents": counts, "faults": rows}
    line = f"{sum(counts.values())} documents in {made.file}"
    human = listed(rows, ("where", "what"), line) if rows else line
    emit(result, as_json=as_json, human=human)
    if rows:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def restore(
    folder: Folder, store: StoreUri = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Fill a new or empty store from a backup; also the way from a laptop to MongoDB.

    Example: dao store restore /mnt/backup/dao --store mongodb://127.0.0.1/dao
    """
    set_up_logging(verbose=verbose)
    from stores import open_store
    from stores.maintenance import restore as fill

    uri = fill(folder, store)
    with open_store(store) as opened:
        counts = {name: found.count() for name, found in opened.collections.items()}
    result = {"store": uri, "backup": str(folder), "documents": counts}
    human = f"{sum(counts.values())} documents in {uri}; builders begin there anew"
    emit(result, as_json=as_json, human=human)


def check(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Read everything and list every fault: pages, checksums, schemas, blobs. Ends with 4 if any.

    Example: dao store check
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.tables import listed
    from stores import open_store
    from stores.maintenance import check as look

    with open_store(store, unsound=True) as opened, Bars() as bars:
        bars.begin("check", len(opened.collections) + 2)
        faults = look(opened, lambda _: bars.advance("check", 1))
        uri = opened.uri
    rows = _rows(faults)
    human = listed(rows, ("where", "what"), f"{uri}: {f'{len(rows)} faults' if rows else 'sound'}")
    emit({"store": uri, "faults": rows}, as_json=as_json, human=human)
    if rows:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def migrate(store: StoreUri = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Bring documents of older schemas up to date; back the store up first.

    Ends with 4 if some could not be; these are named and left as they were. What an older release
    had lost in silence is named as well.

    Example: dao store migrate
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.tables import listed
    from stores import open_store
    from stores.maintenance import migrate as bring_up
    from stores.maintenance import outdated

    with open_store(store) as opened, Bars() as bars:
        bars.begin("migrate", sum(outdated(opened).values()))
        report = bring_up(opened, lambda done: bars.advance("migrate", done))
        uri = opened.uri
    told = {**report.failed, **report.lost}
    rows = [{"document": name, "reason": reason} for name, reason in told.items()]
    failed = [row for row in rows if row["document"] in report.failed]
    migrated = {name: count for name, count in report.migrated.items() if count}
    line = f"{sum(migrated.values())} documents migrated in {uri}"
    human = listed(rows, ("document", "reason"), line)
    result = {"store": uri, "migrated": migrated, "failed": failed, "lost": report.lost}
    emit(result, as_json=as_json, human=human)
    if failed:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def _rows(faults: Iterable[Fault]) -> list[dict[str, str]]:
    return [{"where": fault.where, "what": fault.what} for fault in faults]
