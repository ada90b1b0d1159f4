"""Paths as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.errors import InputError
from dao_core.local_paths import local_path


def test_possible_paths_are_given_back_with_the_home_put_in(tmp_path: Path) -> None:
    assert local_path(tmp_path / "not" / "there") == tmp_path / "not" / "there"
    assert local_path("~/store") == Path.home() / "store"
    (tmp_path / "file").touch()
    assert local_path(tmp_path / "file" / "below") == tmp_path / "file" / "below"


@pytest.mark.parametrize("text", ["~nouser/store", "a\x00b", "x" * 5000])
def test_impossible_ones_are_told_in_few_words(text: str) -> None:
    with pytest.raises(InputError, match="is no path") as failure:
        local_path(text)
    assert len(str(failure.value)) < 200
