"""Files that appear whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dao_core.drafts import draft_of


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text("before")

    def fail() -> None:
        with draft_of(file) as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_writers_of_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    file = tmp_path / "result.json"

    def write(number: int) -> None:
        with draft_of(file) as draft:
            draft.write_text(str(number) * 10_000)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert len(set(file.read_text())) == 1
    assert list(tmp_path.iterdir()) == [file]
