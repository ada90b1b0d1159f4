"""What README and docs tell a reader to type exists: commands, options, files; Python runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dao_core.settings_file import read_settings
from flows.campaign.config_file import build_request
from flows.cli.app import app

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def dao_calls(page: Path) -> list[list[str]]:
    """The words after ``dao`` of every call in a page's shell blocks."""
    calls = []
    for block in [*blocks(page, "bash"), *blocks(page, "sh"), *blocks(page, "console")]:
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            start = next((i for i, word in enumerate(words) if Path(word).name == "dao"), None)
            if start is not None:
                stop = next((i for i, w in enumerate(words) if w in {"|", ">", "&&"}), len(words))
                calls.append(words[start + 1 : stop])
    return calls


def parse(words: list[str]) -> None:
    """Look up command and options as the command line would, without running anything."""
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        name, *words = words
        assert name in command.commands, f"dao has no command {name!r}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [w for w in words if w.startswith("-") and w.split("=")[0] not in known]
    assert not unknown, f"{command.name} has no option {unknown}"


def name_of(value: object) -> str:
    """What a test's case is called."""
    return " ".join(value) if isinstance(value, list) else str(getattr(value, "name", value))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_campaign_files_are_valid(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "yaml"):
        file = tmp_path / "campaign.yaml"
        file.write_text(block)
        if "targets:" in block:
            build_request({}, read_settings(file), file)


IN_LINE = re.compile(r"`dao ([^`]+)`")
README_CALLS = [shlex.split(call) for call in IN_LINE.findall(README.read_text())]


@pytest.mark.parametrize("words", README_CALLS, ids=name_of)
def test_a_command_in_the_words_of_the_readme_exists(words: list[str]) -> None:
    parse(words)


CALLS = [(page, words) for page in PAGES for words in dao_calls(page) if words]


@pytest.mark.parametrize(("page", "words"), CALLS, ids=name_of)
def test_a_command_of_the_documentation_exists(page: Path, words: list[str]) -> None:
    del page
    if words[0] != "--help":
        parse(words)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not link.startswith("http")]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


PYTHON = [(page, number) for page in PAGES for number in range(len(blocks(page, "python")))]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "number"), PYTHON, ids=name_of)
def test_python_of_the_documentation_runs(page: Path, number: int, tmp_path: Path) -> None:
    environment = {**os.environ, "DAO_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", blocks(page, "python")[number]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
