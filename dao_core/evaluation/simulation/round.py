"""One round of a simulated search."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from dao_core.training.retraining_outcome import Outcome


class Round(BaseModel):
    """What one round cost and brought.

    Attributes:
        campaign_id: The campaign.
        relaxations: Candidates that were relaxed.
        relaxed_again: Relaxations that a better DAO-P moved afterwards.
        labels: Crystals that the truth was asked about.
        lost: Of these, those that did not converge.
        found: Wanted phases among the relaxed, each with the number of relaxations until then.
        confirmed: Wanted phases among the labelled, each with the number of labels until then.
        beneath: Labelled crystals that lie below the hull of all known phases.
        error: Mean absolute difference of predicted and labelled energies, eV/atom.
        outcomes: What became of the retrained models.
        seconds: Wall time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign_id: str
    relaxations: int
    relaxed_again: int = 0
    labels: int
    lost: int
    found: dict[str, int]
    confirmed: dict[str, int]
    beneath: int
    error: float | None
    outcomes: tuple[Outcome, ...] = ()
    seconds: float


def known_round(file: Path) -> Round | None:
    """A round that was finished; None where its file is missing or damaged."""
    try:
        return Round.model_validate_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
