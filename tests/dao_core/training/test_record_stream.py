"""Records come one by one, whatever the spaces, the chunks and what stands before them."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest

from dao_core.errors import InputError
from dao_core.training import record_stream
from dao_core.training.record_stream import stream_records
from dao_core.training.records import iterate_records

RECORDS = [{"id": 1, "x": [1.25e-3, -7]}, {"id": '} ] \\ "', "y": None}, {}, 12345, "text"]


@pytest.mark.parametrize("chunk", [1, 3, 7, 1000])
@pytest.mark.parametrize("indent", [None, 2])
def test_equals_reading_at_once(
    monkeypatch: pytest.MonkeyPatch, chunk: int, indent: int | None
) -> None:
    monkeypatch.setattr(record_stream, "CHUNK", chunk)
    whole = {"meta": {"records": [0], "n": 10}, "n": 12.5, "records": RECORDS, "after": [1]}
    text = json.dumps(whole, indent=indent)
    assert list(stream_records(io.StringIO(f" {text}\n"))) == RECORDS
    assert list(stream_records(io.StringIO('{"records": []}'))) == []
    numbers = [1.5, -2e-30, 10, 1.25e9, 0, 12.0625]
    for start in range(5):
        text = " " * start + json.dumps({"records": numbers})
        assert list(stream_records(io.StringIO(text))) == numbers


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"meta": 1}', '{"records": 3}', '{"records": [1, 2', '{"records": [1 2]}',
     '{"records": [{"a": nope}]}', '{"records"'],
)  # fmt: skip
def test_what_is_no_record_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json.gz"
    with gzip.open(path, "wt") as file:
        file.write(text)
    with pytest.raises(InputError, match=r"wrong\.json\.gz is not a record file"):
        list(iterate_records(path))


def test_a_file_cut_short_gives_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump({"records": [{"id": row, "x": row**0.5} for row in range(5000)]}, file)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"cut\.json\.gz"):
        list(iterate_records(path))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.json.gz"
    record = {"frac_coords": [[0.1, 0.2, 0.3]] * 20}
    with gzip.open(path, "wt", compresslevel=1) as file:
        json.dump({"records": [record] * 20_000}, file)
    tracemalloc.start()
    count = sum(1 for _ in iterate_records(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 8e6, "the text alone has 8 MB, its objects ten times that"
