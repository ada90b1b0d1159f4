"""Damaged input for the attack tests: edits of a sound file, drawn by hypothesis."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dao_core.errors import DaoError

TYPED = DaoError
"""What a user may be shown; everything else is a fault of ours."""
NUMBER = re.compile(rb"-?\d+(?:\.\d*)?(?:[eEdD][-+]?\d+)?")
STRANGE = [
    b"", b"nan", b"inf", b"-1", b"0", b"1e999", b"99999999999999999999", b"********", b"1.2.3",
    b"\x00", b"\xff\xfe", b"-0.0", b"1E-400", b"None", b"[]", b"{}", "\N{SUPERSCRIPT TWO}".encode(),
]  # fmt: skip

settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("DAO_FUZZ_EXAMPLES", "12")),
    deadline=timedelta(seconds=30),  # an example that takes longer hangs
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=True,
)


def edits(content: bytes) -> st.SearchStrategy[bytes]:
    """A sound file with one to six mistakes: cut, doubled, overwritten, numbers made strange."""
    numbers = [match.span() for match in NUMBER.finditer(content)]
    places = st.integers(0, len(content))
    lengths = st.integers(1, 200)
    edit = st.one_of(
        st.tuples(st.just("cut"), places, lengths),
        st.tuples(st.just("double"), places, lengths),
        st.tuples(st.just("end"), places, lengths),
        st.tuples(st.just("write"), places, st.binary(min_size=1, max_size=20)),
        st.tuples(st.just("insert"), places, st.binary(min_size=1, max_size=20)),
        *([st.tuples(st.just("number"), st.sampled_from(numbers), st.sampled_from(STRANGE))] * 3
          if numbers else []),
    )  # fmt: skip
    return st.lists(edit, min_size=1, max_size=6).map(lambda drawn: _edited(content, drawn))


def _edited(content: bytes, drawn: list[tuple[str, Any, Any]]) -> bytes:
    """Apply edits from the back, so that the places of the others stay right."""
    for kind, place, what in sorted(drawn, key=lambda one: _start(one[1]), reverse=True):
        if kind == "number":
            content = content[: place[0]] + what + content[place[1] :]
        elif kind == "cut":
            content = content[:place] + content[place + what :]
        elif kind == "double":
            content = content[: place + what] + content[place : place + what] + content[place:]
        elif kind == "end":
            content = content[:place]
        else:
            content = content[:place] + what + content[place + len(what) * (kind == "write") :]
    return content


def _start(place: int | tuple[int, int]) -> int:
    return place if isinstance(place, int) else place[0]


@pytest.fixture(scope="session")
def damaged() -> Callable[[bytes], st.SearchStrategy[bytes]]:
    """Makes the strategy for damaged versions of a file."""
    return edits


@pytest.fixture(scope="session")
def typed() -> Callable[..., Any]:
    """Calls a function and returns its result, or the typed error that it raised."""

    def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except TYPED as error:
            return error

    return call


@pytest.fixture(autouse=True)
def nothing_written(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """What is only read leaves the working folder and ``DAO_HOME`` as they were: empty."""
    folder = tmp_path_factory.mktemp("untouched")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DAO_HOME", str(folder / "home"))
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes a file of a name, over the one of the example before."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write
