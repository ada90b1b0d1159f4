"""A retraining that is paused while it trains and killed while it is paused."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.slots import TRAINING_LIMIT
from stores import open_store
from stores.registry import history

TRAINING = ("dao_core.training.retraining_predictor:AnchoredPredictor.training_step", 3)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.timeout(1200)
def test_killed_while_paused_in_training_it_is_taken_up_and_the_model_is_promoted_once(
    server: Any, world: str, tmp_path: Path
) -> None:
    words = ("retrain", "emt", "--store", world, "--steps", "6", "--json")
    paused = server.start_dao(tmp_path, *words, killed_in=TRAINING, by=signal.SIGSTOP)
    is_stopped = psutil.Process(paused.pid).status
    server.wait_for(lambda: is_stopped() == psutil.STATUS_STOPPED, "the pause")
    assert server.slots_in_use(TRAINING_LIMIT) == 1
    paused.kill()
    paused.communicate()
    server.let_leases_end()  # of one that does not renew it
    other = server.start_dao(tmp_path, *words)
    out, errors = other.communicate()
    assert other.returncode == 0, errors.decode()
    promoted = [outcome["promoted"] for outcome in json.loads(out)["outcomes"]]
    with open_store(world) as store:
        steps = [*history(store, "predictor"), *history(store, "generator")]
    assert len(steps) == 2 + sum(promoted)
    assert server.slots_in_use(TRAINING_LIMIT) == 0
