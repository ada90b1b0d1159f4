"""The site builds without a warning, and its reference holds what the code has."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix("")
        assert (site if name.name == "index" else site / name).joinpath("index.html").is_file()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("reference/command-line", ["dao store export", "--seed-structures", "--no-hull"]),
        ("reference/campaign-settings", ["dft_core_hours", "Core-hours that the checks may cost"]),
        ("reference/documents", ["interpretations", "eV/atom, as the source gives it", "chemsys"]),
        ("CONTRIBUTING", ["How to add a source of candidates"]),
    ],
)
def test_the_reference_is_made_from_the_code(site: Path, page: str, words: list[str]) -> None:
    text = (site / page / "index.html").read_text()
    assert [word for word in words if word not in text] == []


def test_a_page_asks_for_nothing_from_elsewhere(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert 'src="http' not in text
    assert "fonts.googleapis" not in text


def test_the_citation_names_the_version_of_the_package() -> None:
    citation = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text())
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == package["version"]
    assert citation["license"] == package["license"]
    assert citation["references"][0]["doi"] in (ROOT / "README.md").read_text()
