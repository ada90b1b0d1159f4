"""What labels may correct, and what not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flows.validation.learned import learned_ranking
from flows.validation.settings import DftSettings


def test_energies_of_labels_never_correct_enthalpies() -> None:
    compressed: Any = SimpleNamespace(request=SimpleNamespace(pressure=50.0))
    unread: Any = SimpleNamespace()
    assert learned_ranking(compressed, unread, DftSettings(pressure=50.0)) is None
