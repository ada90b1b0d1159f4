"""Ctrl-C ends a command with 130 and the way to go on, whatever a library makes of it.

SIGTERM does the same, with 143.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time

import pytest

SOON = 120
"""Seconds; each takes less than one on an idle machine, and none of the sleeps is sat out."""
PATIENCE = 600
"""Seconds for a Prefect server to start on a busy machine."""

TRIAL = """
import logging, os, signal, sys, threading, time
from flows.cli.app import app, main
from flows.cli.options import Json

def ctrl_c(how=signal.SIGINT):
    os.kill(os.getpid(), how)
    time.sleep(0.2)  # the handler runs at the next bytecode, wherever that is

def held_up():
    time.sleep(200)
    raise AssertionError("nothing ended it")

@app.command("trial")
def trial(as_json: Json = False) -> None:
{body}

{after}
sys.exit(main(["trial", *sys.argv[1:]]))
"""

TURNED_INTO = {
    "nothing else": "ctrl_c()",
    "an error of a library's clean-up": """
        try:
            ctrl_c()
        except KeyboardInterrupt:
            logging.getLogger("library").error("Crash detected!")
            raise ValueError("Task run is not set")""",
    "an error of a command, with its own exit code": """
        from dao_core.errors import InputError
        try:
            ctrl_c()
        except KeyboardInterrupt as error:
            raise InputError("an item is wrong") from error""",
    "an exit": """
        try:
            ctrl_c()
        except KeyboardInterrupt:
            sys.exit(1)""",
    "nothing at all": """
        try:
            ctrl_c()
        except BaseException:
            pass""",
    "an exception that Python ignores": """
        class Library:
            def __del__(self):
                ctrl_c()
        Library()
        held_up()""",
    "a clean-up that hangs, until the next Ctrl-C": """
        try:
            ctrl_c()
        finally:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            held_up()""",
    "a loop that takes all errors": """
        while True:
            try:
                ctrl_c()
            except BaseException:
                pass""",
}


def run(
    body: str, *words: str, after: str = "", seconds: float = SOON
) -> subprocess.CompletedProcess[str]:
    body = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    code = TRIAL.format(body=body, after=textwrap.dedent(after))
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        check=False, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip


@pytest.mark.parametrize("becomes", TURNED_INTO)
def test_ctrl_c_that_a_library_turns_into(becomes: str) -> None:
    done = run(TURNED_INTO[becomes])
    assert done.returncode == 130, done.stderr
    if becomes != "a loop that takes all errors":  # that one is ended on the spot
        assert "the same command goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Crash" not in done.stderr, "logs of a library about its own end"


IN_PREFECT = """
from prefect import flow, task, task_engine
from flows.campaign.server import prefect_server

@task
def work() -> None: ...

@flow
def campaign() -> None:
    work()

# Where a task run begins: the engine's own clean-up then raises "Task run is not set".
task_engine._create_task_run_locally = lambda **_: ctrl_c()
with prefect_server():
    campaign()
"""


def test_sigterm_inside_prefect() -> None:
    """Prefect hears of it in our place, and its clean-up fails: the command ends as it should."""
    done = run(IN_PREFECT.replace("ctrl_c()", "ctrl_c(signal.SIGTERM)"), seconds=PATIENCE)
    assert done.returncode == 143, done.stderr
    assert "the same command goes on" in done.stderr


def test_ctrl_c_inside_prefect() -> None:
    done = run(IN_PREFECT, seconds=PATIENCE)
    assert done.returncode == 130, done.stderr
    assert "the same command goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Crash" not in done.stderr


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_whoever_asked_for_an_object_gets_one(how: str, code: int) -> None:
    done = run(f"ctrl_c(signal.{how})", "--json")
    assert done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == code
    assert "the same command goes on" in answer["error"]


def test_a_ctrl_c_more_does_not_wait_for_what_runs_at_exit() -> None:
    begun = time.monotonic()
    done = run(
        "threading.Thread(target=held_up).start(); ctrl_c()",
        after="threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()",
    )
    assert done.returncode == 130, done.stderr
    assert time.monotonic() - begun < SOON
    assert "Traceback" not in done.stderr


def test_an_error_without_ctrl_c_stays_what_it_is() -> None:
    done = run("raise ValueError('a defect')")
    assert done.returncode == 1
    assert "ValueError: a defect" in done.stderr


def test_a_job_that_is_told_to_ignore_ctrl_c_does() -> None:
    body = "ctrl_c(); print('done')"
    done = run(body, after="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (done.returncode, done.stdout) == (0, "done\n")
