"""What goes in comes out."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_core.errors import InputError
from stores.encoding import date_text, decode, encode

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=8).filter(lambda k: k[:1] != "$"), values))
def test_round_trip(document: dict[str, object]) -> None:
    assert decode(encode(document)) == document


def test_numbers_that_json_lacks() -> None:
    back = decode(encode({"a": math.nan, "b": [math.inf, -math.inf], "c": np.float64(0.5)}))
    assert math.isnan(back["a"])
    assert back["b"] == [math.inf, -math.inf]
    assert back["c"] == 0.5


def test_dates_keep_their_instant_and_sort_as_text() -> None:
    east = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert decode(encode({"t": east}))["t"] == east
    later = datetime(2026, 1, 1, tzinfo=UTC)
    assert date_text(east) < date_text(later)


def test_arrays_become_lists() -> None:
    assert decode(encode({"a": np.eye(2)})) == {"a": [[1.0, 0.0], [0.0, 1.0]]}


def test_half_letters_of_file_names_survive() -> None:
    name = b"caf\xe9.cif".decode("utf-8", "surrogateescape")
    text = encode({"file": name, "other": "é"})
    assert text.encode()
    assert decode(text) == {"file": name, "other": "é"}


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(InputError, match="object has no JSON form"):
        encode({"a": object()})
