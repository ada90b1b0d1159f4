"""``dao models show | register | promote | rollback``: the registry in the store."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, StoreUri, Verbose

if TYPE_CHECKING:
    from stores.documents import ModelDocument, PromotionDocument

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="Name, hash, or beginning of the hash (8 digits).")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]


class Kind(StrEnum):
    """What a model does."""

    GENERATOR = "generator"
    PREDICTOR = "predictor"


def show(
    model: ModelName, store: StoreUri = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Show a registered model: training set, parents, metrics, card, and when it served.

    Example: dao models show dao-p-2
    """
    set_up_logging(verbose=verbose)
    from flows.cli.tables import flat_table
    from stores import open_store
    from stores.registry import find_model, history, serving

    with open_store(store) as opened:
        found = find_model(opened, model)
        steps = [one for one in history(opened, found.kind) if one.model_id == found.id]
        current = serving(opened, found.kind)
        uri = opened.uri
    row = {**_row(found, is_serving=current is not None and current.id == found.id)}
    row |= found.model_dump(mode="json", include={"parents", "metrics", "manifest_id", "card"})
    row["history"] = [_step(step) for step in steps]
    table = flat_table([{"what": k, "value": v} for k, v in row.items()], ("what", "value"))
    emit({"store": uri, "model": row}, as_json=as_json, human=table)


def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Checkpoint, .safetensors.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What the model does.")],
    name: Annotated[
        str | None, typer.Option("--name", help="A readable name. Default: that of the file.")
    ] = None,
    manifest: Annotated[
        str | None, typer.Option("--manifest", metavar="ID", help="The training set it saw.")
    ] = None,
    parent: Annotated[
        list[str] | None,
        typer.Option("--parent", metavar="MODEL", help="What it was tuned from; repeatable."),
    ] = None,
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Keep a checkpoint in the store by its hash, with its card and what it was trained on.

    Example: dao models register tuned.safetensors --kind predictor --name dao-p-2
    """
    set_up_logging(verbose=verbose)
    from dao_core.checkpoints.format import read_card
    from dao_core.errors import MissingError
    from stores import open_store
    from stores.registry import find_model, register_model

    if not file.is_file():
        raise MissingError(f"{file}: no such checkpoint file")
    with open_store(store) as opened:
        model = register_model(
            opened,
            file,
            kind=kind.value,
            name=name or file.stem,
            manifest_id=manifest,
            parents=[find_model(opened, one).id for one in parent or []],
            card=read_card(file),
        )
        uri = opened.uri
    human = f"{model.name} ({model.kind}) is {model.id[:12]} in {uri}"
    row = _row(model, is_serving=False)
    emit({"store": uri, "model": row}, as_json=as_json, human=human)


def promote(
    model: ModelName,
    reason: Reason = "",
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Let a registered model serve from now on; if that fails the old one goes on serving.

    Example: dao models promote dao-p-2 --reason "better on the hold-out"
    """
    set_up_logging(verbose=verbose)
    from stores import open_store
    from stores.registry import promote as put_in_force

    with open_store(store) as opened:
        _emit_step(put_in_force(opened, model, reason=reason), opened.uri, as_json=as_json)


def rollback(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="generator or predictor.")],
    reason: Reason = "",
    store: StoreUri = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Let the model serve again that served before the one in force.

    Example: dao models rollback predictor
    """
    set_up_logging(verbose=verbose)
    from stores import open_store
    from stores.registry import rollback as go_back

    with open_store(store) as opened:
        step = go_back(opened, kind.value, reason=reason)
        _emit_step(step, opened.uri, as_json=as_json)


def registered(store: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Address of a store and its registered models, the latest first, with what serves now."""
    from stores import open_store
    from stores.registry import list_models, serving

    with open_store(store) as opened:
        in_force = {found.id for kind in Kind if (found := serving(opened, kind.value))}
        rows = [_row(one, is_serving=one.id in in_force) for one in list_models(opened)]
        return opened.uri, rows


def _row(model: ModelDocument, *, is_serving: bool) -> dict[str, Any]:
    fields = model.model_dump(mode="json", include={"name", "kind", "registered"})
    return {"id": model.id, **fields, "serving": is_serving}


def _step(step: PromotionDocument) -> dict[str, Any]:
    wanted = {"kind", "number", "model_id", "action", "reason", "promoted"}
    return step.model_dump(mode="json", include=wanted)


def _emit_step(step: PromotionDocument, uri: str, *, as_json: bool) -> None:
    human = f"{step.kind} {step.model_id[:12]} serves ({step.action} {step.number}) in {uri}"
    result = {"store": uri, **_step(step)}
    emit(result, as_json=as_json, human=human)
