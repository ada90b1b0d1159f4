"""``dao retrain``: the next pair of models from what the store has learned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose


def retrain(
    level: Annotated[
        str, typer.Argument(metavar="LEVEL", help="Of the labels to learn from: chgnet-0.3.0.")
    ],
    holdout: Annotated[
        str, typer.Option("--holdout", metavar="NAME", help="Registered test set that judges.")
    ] = "holdout",
    min_new: Annotated[
        int, typer.Option("--min-new", metavar="N", min=1, help="Fewer new labels: do nothing.")
    ] = 1,
    replay: Annotated[
        list[Path] | None,
        typer.Option("--replay", metavar="FILE", help="Record file of known crystals; repeatable."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", metavar="N", min=1, help="Steps of each training. Default: 400."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Fine-tune DAO-P and DAO-G on labels of the store; they serve if no figure gets worse.

    Judged on a test set that is never trained on: see `dao store test-set`. The same command again
    without new labels does nothing. `dao models rollback KIND` goes back.

    Example: dao retrain chgnet-0.3.0 --holdout my-holdout
    """
    set_up_logging(verbose=verbose)
    from dataclasses import replace

    from flows.campaign.server import prefect_server
    from flows.cli.tables import flat_table
    from flows.prefect_api import require_text
    from flows.retraining.flow import retrain as retrain_flow
    from flows.retraining.request import RetrainRequest

    request = RetrainRequest(
        level=level,
        holdout=holdout,
        min_new_labels=min_new,
        replay=tuple(str(file) for file in replay or ()),
        store=store,
    )
    if steps and request.generator:
        request = request.model_copy(
            update={
                "predictor": replace(request.predictor, steps=steps),
                "generator": replace(request.generator, steps=steps),
            }
        )
    require_text(request)
    with prefect_server():
        report = retrain_flow(request)
    result = report.model_dump(mode="json")
    table = flat_table(result["outcomes"], ("kind", "promoted", "model_id", "reason"))
    labels = "a round that was broken off" if report.taken_up else f"{report.new_labels} new labels"
    table.caption = escape(f"{labels}; {report.moved} relaxations moved")
    emit(result, as_json=as_json, human=table)
