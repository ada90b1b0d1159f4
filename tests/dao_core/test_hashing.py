"""Hashes on which ids of kept documents depend: they must never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.hashing import content_id, file_hash, text_hash


def test_ids_of_old_stores_are_still_made() -> None:
    assert content_id("k", {"b": [1, 2.5], "a": "x"}) == "k-66efddae6a97500318e4"
    assert text_hash("MgO", 8) == "010eaf78"


def test_an_id_follows_from_content_alone() -> None:
    assert content_id("r", {"a": 1, "b": 2}) == content_id("r", {"b": 2, "a": 1})
    assert content_id("r", {"a": 1}) != content_id("r", {"a": 2})


def test_what_is_no_finite_number_has_no_id() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_id("r", {"energy": float("nan")})


def test_a_file_has_the_hash_of_its_text(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("MgO")
    assert file_hash(file) == text_hash("MgO", 64)
