"""``dao store build | training-set | test-set``: what follows from the documents."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from flows.cli.console import FINISHED_WITH_FAILURES, emit, set_up_logging
from flows.cli.options import Files, Json, StoreUri, Verbose


class BuilderName(StrEnum):
    """The builders; see ``stores.builders.freshness.BUILDERS``."""

    HULL = "hull"
    DEDUP = "dedup"
    EXAMPLES = "examples"
    STATISTICS = "statistics"


class ClassName(StrEnum):
    """Classes of a training set."""

    STABLE = "stable"
    RELAXED = "relaxed"
    UNSTABLE = "unstable"
    FAR = "far"


def build(
    builders: Annotated[
        list[BuilderName] | None, typer.Argument(metavar="[BUILDER...]", help="Default: all.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Take in everything again, not only what is new.")
    ] = False,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Bring hulls, groups of near-duplicates, examples and statistics up to date.

    The cost follows what is new. BUILDER is hull, dedup, examples or statistics.

    Example: dao store build hull dedup
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.tables import flat_table
    from stores import open_store
    from stores.builders.freshness import build as run

    names = [name.value for name in builders or BuilderName]
    with open_store(store) as opened, Bars() as bars:
        bars.begin("documents", None)
        reports = run(
            opened, names, anew=anew, on_progress=lambda done: bars.advance("documents", done)
        )
        uri = opened.uri
    rows = [{**asdict(report), **asdict(report.written)} for report in reports]
    columns = ("builder", "taken_in", "inserted", "updated", "unchanged", "seconds")
    result = {"store": uri, "builders": [asdict(report) for report in reports]}
    emit(result, as_json=as_json, human=flat_table(rows, columns))


def training_set(
    level: Annotated[str, typer.Argument(metavar="LEVEL", help="Energy level of all labels.")],
    classes: Annotated[
        list[ClassName] | None,
        typer.Option("--class", help="stable, relaxed, unstable or far; repeatable. Default: all."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write the manifest of a training set: exactly which labels, and what was kept out and why.

    Registered test sets are kept out by formula, by structure and by near-duplicates.

    Example: dao store training-set chgnet-0.3.0 --class stable --class relaxed
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from flows.cli.tables import listed
    from stores import open_store
    from stores.builders import build_training_set

    with open_store(store) as opened, Bars() as bars:
        bars.begin("documents", None)
        manifest = build_training_set(
            opened,
            level,
            classes=[name.value for name in classes or ClassName],
            on_progress=lambda done: bars.advance("documents", done),
        )
        uri = opened.uri
    rows = [{"what": name, "examples": count} for name, count in manifest.counts.items()]
    rows += [
        {"what": f"kept out: {why}", "examples": count} for why, count in manifest.excluded.items()
    ]
    table = listed(rows, ("what", "examples"), f"manifest {manifest.manifest_id} in {uri}")
    result = {
        "level": level,
        "store": uri,
        **manifest.model_dump(mode="json", include={"manifest_id", "counts", "excluded"}),
        "test_sets": manifest.test_sets,
    }
    emit(result, as_json=as_json, human=table)


def keep_out(
    name: Annotated[str, typer.Argument(metavar="NAME", help="E.g. mp-20-test.")],
    files: Files,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Register structures that no training set may contain. Ends with 4 if some are unusable.

    Example: dao store test-set my-test held-out/
    """
    set_up_logging(verbose=verbose)
    from dao_core.crystal.reading import read_structures
    from dao_core.errors import InputError
    from flows.cli.console import warn
    from stores import open_store
    from stores.builders import register_test_set

    reading = read_structures(files)
    failures = [{"file": one.source, "reason": one.reason} for one in reading.failures]
    for one in failures:
        warn(f"{one['file']}: {one['reason']}")
    if not reading.structures:
        raise InputError("no usable structure in these files: nothing to register")
    with open_store(store) as opened:
        document = register_test_set(opened, name, [one.structure for one in reading.structures])
        uri = opened.uri
    result = {
        "store": uri,
        "test_set": name,
        "set_hash": document.set_hash,
        "formulas": len(document.formulas),
        "structures": len(document.structure_ids),
        "failures": failures,
    }
    human = f"{name}: {result['structures']} structures of {result['formulas']} formulas"
    emit(result, as_json=as_json, human=human)
    if failures:
        raise typer.Exit(FINISHED_WITH_FAILURES)
