"""Coverage-guided fuzzing of what reads text that others wrote, some minutes for each reader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = int(os.environ.get("DAO_GUIDED_SECONDS", "600"))


@pytest.mark.torture
@pytest.mark.parametrize(
    "target", ["pw-output", "pw-xml", "pw-input", "cif", "poscar", "filter", "formula"]
)
def test_no_input_that_reaches_new_code_leaves_a_traceback(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed (pip install -e '.[fuzzing]')")
    script = Path(__file__).with_name("guided.py")
    options = [f"-max_total_time={SECONDS}", "-timeout=30", "-rss_limit_mb=6000"]
    done = subprocess.run(
        [sys.executable, str(script), target, str(tmp_path / "found"), *options,
         f"-artifact_prefix={tmp_path}/"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
