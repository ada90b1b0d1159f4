"""What custodian's log says of corrections, whole or cut off by a kill."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from dft_inputs.corrections import corrections_below

LOG = json.dumps(
    [{"corrections": [{"handler": {"@class": "ScfHandler"}, "errors": ["e"], "actions": None}]}]
).encode()


@pytest.mark.parametrize(
    ("name", "cut_off"),
    [("custodian.json", LOG[:9]), ("custodian.json", b""), ("custodian.json.gz", b""),
     ("custodian.json.gz", gzip.compress(LOG)[:-9])],
    ids=["short", "empty", "empty archive", "short archive"],
)  # fmt: skip
def test_a_log_that_a_kill_cut_off_hides_no_other(
    tmp_path: Path, name: str, cut_off: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for run, log, content in (("1", name, cut_off), ("2", "custodian.json", LOG)):
        (tmp_path / run).mkdir()
        (tmp_path / run / log).write_bytes(content)
    (correction,) = corrections_below(tmp_path)
    assert (correction.handler, correction.errors, correction.actions) == ("ScfHandler", ["e"], [])
    assert f"{tmp_path / '1' / name} is cut off" in caplog.text
