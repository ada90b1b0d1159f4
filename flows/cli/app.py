"""The typer application, its commands, and what an error becomes: a clear text and an exit code.

Exit codes: 0 done, 2 wrong input, 3 something is missing on this machine, 4 finished with
failures, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from dao_core.errors import DaoError
from dao_core.versions import package_version
from flows.cli import (
    benchmark,
    campaign,
    defects,
    doctor,
    electrons,
    explain,
    fill,
    generate,
    ingest,
    models,
    phonons,
    predict,
    pressure,
    pseudos,
    registry,
    relax,
    report,
    retrain,
    setup,
    simulate,
    store,
    surface,
    train,
    train_data,
    validate,
)
from flows.cli.console import STDERR, emit, emit_error, tell_every_name
from flows.cli.interruption import Interruption
from flows.cli.storage import storage_errors_told

WRONG_INPUT = 2
ABORTED = 130
"""Typer's own code for Ctrl-C and for a question that got no answer."""
NO_ARGUMENTS = "NoArgsIsHelpError"
"""What is raised, with the help as its text, where a command was named and nothing else."""
HOW_TO_GO_ON = "what is done is kept; the same command goes on"

app = typer.Typer(
    name="dao",
    help="From a chemical system to a ranked landscape of crystal structures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("doctor")(doctor.doctor)
app.command("campaign")(campaign.campaign)
app.command("fill")(fill.fill)
app.command("generate")(generate.generate)
app.command("predict")(predict.predict)
app.command("pressure")(pressure.pressure)
app.command("electrons")(electrons.electrons)
app.command("phonons")(phonons.phonons)
app.command("surface")(surface.surface)
app.command("layer")(surface.layer)
app.command("defects")(defects.defects)
app.command("relax")(relax.relax)
app.command("validate")(validate.validate)
app.command("benchmark")(benchmark.benchmark)
app.command("report")(report.report)
app.command("explain")(explain.explain)
app.command("ingest")(ingest.ingest)
models.app.command("show")(registry.show)
models.app.command("register")(registry.register)
models.app.command("promote")(registry.promote)
models.app.command("rollback")(registry.rollback)
app.command("retrain")(retrain.retrain)
app.command("simulate")(simulate.simulate)
app.command("setup")(setup.setup)
app.add_typer(models.app, name="models")
app.add_typer(pseudos.app, name="pseudos")
app.add_typer(store.app, name="store")
train.app.command("relax")(train_data.relax)
train.app.command("label")(train_data.label)
app.add_typer(train.app, name="train")


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"dao {package_version('dao-crystals')}\n")
        raise typer.Exit


@app.callback()
def dao(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """From a chemical system to a ranked landscape of crystal structures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never raises for a typed error.

    Args:
        arguments: Words after ``dao``; by default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    # Threads that wait by spinning take the cores that other work, and they themselves, need.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    as_json = "--json" in words
    tell_every_name()
    with Interruption() as interruption:
        code = ABORTED
        try:
            code = _run(words, as_json=as_json)
        except (KeyboardInterrupt, typer.Abort):
            pass
        except BaseException as error:
            if not interruption.is_behind(error):
                raise
    if code != ABORTED and interruption.exit_code is None:
        return code
    # With a code of its own, the command has printed its object, be it that of an error.
    ended_with = interruption.exit_code or ABORTED
    _say_interrupted(ended_with, as_json=as_json and code == ABORTED)
    return ended_with


def _run(words: list[str], *, as_json: bool) -> int:
    """Run a command; a typed error becomes its text and exit code."""
    try:
        # Outside standalone mode the code of typer.Exit is handed back instead of raised.
        with storage_errors_told():
            code = app(args=words, prog_name="dao", standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ == NO_ARGUMENTS:
            sys.stdout.write(f"{error.format_message()}\n")
            return 0
        context = getattr(error, "ctx", None)
        command = "dao" if context is None else context.command_path
        message = f"{_words(error)} (see `{command} --help`)"
        emit_error(message, WRONG_INPUT, as_json=as_json)
        return WRONG_INPUT
    except DaoError as error:
        emit_error(str(error), error.exit_code, as_json=as_json)
        return error.exit_code
    return code if isinstance(code, int) else 0


def _words(error: typer.TyperException) -> str:
    """What is wrong, without pydantic's own heading."""
    return str(error.format_message()).replace(": Value error, ", ": ").rstrip(".")


def _say_interrupted(exit_code: int, *, as_json: bool) -> None:
    """Say how to go on after an interruption."""
    STDERR.print(f"[yellow]interrupted[/]: {HOW_TO_GO_ON}")
    if as_json:
        emit({"error": f"interrupted: {HOW_TO_GO_ON}", "exit_code": exit_code}, as_json=True)
