"""``dao store``: everything that is done with the store itself, one file per kind of work."""

from __future__ import annotations

import typer

from flows.cli.store import build, export, info, query, serve, upkeep

app = typer.Typer(
    help="Look into the store, get things out of it, and keep it sound.", no_args_is_help=True
)


@app.callback()
def store() -> None:
    """Look into the store, get things out of it, and keep it sound."""


app.command("info")(info.info)
app.command("query")(query.query)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("build")(build.build)
app.command("training-set")(build.training_set)
app.command("test-set")(build.keep_out)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)
app.command("check")(upkeep.check)
app.command("migrate")(upkeep.migrate)
