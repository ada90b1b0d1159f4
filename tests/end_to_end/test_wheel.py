"""The built wheel in an environment that has none of this folder: it brings models and pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytest.importorskip("setuptools")

ROOT = Path(__file__).parents[2]
ROOMS = ("dao_core", "stores", "dft_inputs", "flows")


def run(*words: str | Path, folder: Path, home: Path) -> str:
    """Standard output of a command that knows nothing of this folder."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, words)), cwd=folder, env={**outer, "DAO_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since a build leaves files behind."""
    copy = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    target = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", target, copy)
    run(sys.executable, *build, folder=target, home=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.mark.slow
def test_a_wheel_runs_a_campaign_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    """Dependencies are those of this environment: what is tested is what the wheel brings."""
    home, place = tmp_path / "home", tmp_path / "anywhere"
    place.mkdir()
    venv.create(tmp_path / "venv", symlinks=True)
    (packages,) = (tmp_path / "venv" / "lib").glob("*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    install = ("-m", "pip", "install", "--no-deps", "--target", packages, wheel)
    run(sys.executable, *install, folder=place, home=home)
    python = tmp_path / "venv" / "bin" / "python"
    where = "import dao_core, flows; print(dao_core.__file__, flows.__file__)"
    files = run(python, "-c", where, folder=place, home=home).split()
    assert all(Path(file).is_relative_to(packages) for file in files)
    campaign = ("campaign", "Mg-O", "--candidates", "8", "--relax", "4", "--refine", "none")
    answer = run(
        python, "-m", "flows", *campaign, "--out", "out", "--json", folder=place, home=home
    )
    assert json.loads(answer)["level"].startswith("dao-p@"), "its own model"
    assert "<html" in (place / "out" / "report.html").read_text()
