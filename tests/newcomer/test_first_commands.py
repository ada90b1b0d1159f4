"""The first commands of README and first hour, and what their reader sees on the first screen."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terminal import COLUMNS, LINES, ROOT, Screen, typed

pytestmark = pytest.mark.slow
SMALL = ["--candidates", "6", "--relax", "3", "--sources", "template", "--refine", "none"]
ID = re.compile(r"c-[0-9a-f]{20}")
WARNINGS = re.compile(r"\w*Warning\b")
"""What Python prints of a library's warning."""


def command(page: str, start: str) -> list[str]:
    """The words after ``dao`` of the first call on a page that begins so."""
    found = re.search(rf"^dao ({start}[^\n#]*)", (ROOT / page).read_text(), re.MULTILINE)
    assert found, f"{page} does not begin with dao {start}"
    return shlex.split(found[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def campaign(folder: Path) -> Screen:
    system = command("docs/first-hour.md", "campaign")[:2]
    return typed([*system, *SMALL], folder)


def test_the_answer_is_on_the_first_screen(campaign: Screen) -> None:
    assert campaign.code == 0, campaign.text
    start = next(i for i, line in enumerate(campaign.lines) if "energies at level" in line)
    screen = "\n".join(campaign.lines[start : start + LINES])
    assert screen.startswith("Mg-O: energies at level dao-p@")
    assert "MgO" in screen
    assert ID.search(screen), "an id was cut"
    assert screen.index("candidate_id") < screen.index("campaign   Mg-O-")


def test_nothing_is_wider_than_the_terminal_and_no_library_warns(campaign: Screen) -> None:
    table = [line for line in campaign.lines if ID.search(line)]
    assert table
    assert max(map(len, table)) <= COLUMNS
    assert not WARNINGS.search(campaign.text), campaign.text


@pytest.mark.usefixtures("campaign")
def test_the_files_are_predicted_and_the_store_is_asked(folder: Path) -> None:
    (structures,) = folder.glob("campaigns/Mg-O-*/cif")
    words = command("docs/first-hour.md", "store query")
    asked = typed(words, folder)
    assert asked.code == 0, asked.text
    assert any(line.startswith("1 of 1 thermo") for line in asked.lines), asked.text
    assert re.search(r"s-[0-9a-f]{20}@dao-p@[0-9a-f]+", asked.text), asked.text  # whole at 80
    predicted = typed(["predict", str(structures)], folder)
    assert predicted.code == 0, predicted.text
    assert "MgO" in predicted.text
    assert not WARNINGS.search(asked.text + predicted.text)
