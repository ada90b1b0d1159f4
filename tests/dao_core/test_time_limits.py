from __future__ import annotations

import math
import time
from functools import partial

from dao_core.time_limits import map_within


def test_slow_and_failing_items_cost_only_themselves() -> None:
    outcomes = map_within(time.sleep, [0.0, 30.0, -1.0, 0.01], seconds=0.5)
    assert [outcome.failure is None for outcome in outcomes] == [True, False, False, True]
    assert outcomes[1].failure == "not done within 0.5 s"
    assert "ValueError" in str(outcomes[2].failure)


def test_values_come_in_order_and_nothing_gives_nothing() -> None:
    outcomes = map_within(partial(math.pow, 2.0), list(range(20)), seconds=5, processes=2)
    assert [outcome.value for outcome in outcomes] == [2.0**n for n in range(20)]
    assert map_within(math.sqrt, [], seconds=1) == []
