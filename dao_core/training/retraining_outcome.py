"""What became of a model in a round of retraining."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Outcome:
    """What became of one model in a round.

    Attributes:
        kind: generator or predictor.
        model_id: The model that serves now.
        promoted: Whether it is the retrained one.
        reason: Why, or why not, or why nothing was trained.
    """

    kind: Literal["generator", "predictor"]
    model_id: str
    promoted: bool
    reason: str
