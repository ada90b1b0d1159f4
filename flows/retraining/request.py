"""What a round of retraining is asked to do."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dao_core.forms import FORM
from dao_core.training.retraining_settings import (
    GENERATOR_RETRAINING,
    PREDICTOR_RETRAINING,
    Retraining,
)
from flows.store_address import StoreAddress


class RetrainRequest(BaseModel):
    """The settings of a round of retraining.

    Attributes:
        level: Energy level of the labels to learn from, for example ``chgnet-0.3.0``.
        holdout: Name of the registered test set on which models are judged. Its labels at this
            level are never trained on.
        min_new_labels: With fewer new labels than this the round ends at once.
        replay: Record files of known crystals that are replayed; without, DAO-P replays prototypes.
        predictor: Settings of the fine-tuning of DAO-P.
        generator: Settings of the fine-tuning of DAO-G; None leaves DAO-G as it is.
        rerelax: How many relaxations of the previous DAO-P are looked at again, lowest first.
        store: URI of the store; None is the default one.
    """

    model_config = FORM

    level: str = Field(min_length=1)
    holdout: str = "holdout"
    min_new_labels: int = Field(default=1, ge=1)
    replay: tuple[str, ...] = ()
    predictor: Retraining = PREDICTOR_RETRAINING
    generator: Retraining | None = GENERATOR_RETRAINING
    rerelax: int = Field(default=500, ge=0)
    store: StoreAddress | None = None
