"""What a simulation of the loop is asked to do, and the searches that it compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from dao_core.search.request import MAX_CANDIDATES, SourceName
from dao_core.search.source_registry import DEFAULT


@dataclass(frozen=True)
class Arm:
    """One way to search.

    Attributes:
        sources: Where candidates come from.
        retrains: Whether the models learn from the labels of each round.
        relaxes_all: Whether nothing is screened: each candidate is relaxed.
    """

    sources: tuple[SourceName, ...]
    retrains: bool = False
    relaxes_all: bool = False


ALL: tuple[SourceName, ...] = DEFAULT
ARMS: Mapping[str, Arm] = {
    "loop": Arm(ALL, retrains=True),
    "without-retraining": Arm(ALL),
    "template": Arm(("template",)),
    "random": Arm(("random",), relaxes_all=True),
}
"""All relax with DAO-P within the same numbers of relaxations and labels."""


class SimulationRequest(BaseModel):
    """The settings of a simulation.

    Attributes:
        system: The chemical system, for example ``Fe-P``.
        reference: Record file with the known phases of the system; its phases of other systems
            judge the models where no ``holdout`` is given.
        truth: Potential that stands for DFT.
        arms: Names of the searches, see :data:`ARMS`.
        rounds: Campaigns one after the other, each followed by labels and, in ``loop``, by a
            retraining.
        seeds: Each search is repeated with each.
        candidates: Proposed in each round.
        relax: Relaxed in each round.
        labels: Labelled in each round.
        max_atoms: Largest cell to propose; larger phases do not count as missed.
        holdout: Record file of crystals that judge the models.
        replay: Record files that are replayed in the retraining.
        steps: Steps of each training.
        out: Folder of stores and results; the same again goes on there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    reference: Path
    truth: str = "chgnet"
    arms: tuple[str, ...] = tuple(ARMS)
    rounds: int = Field(default=2, ge=1)
    seeds: tuple[int, ...] = (0, 1)
    candidates: int = Field(default=96, ge=1, le=MAX_CANDIDATES)
    relax: int = Field(default=24, ge=1, le=MAX_CANDIDATES)
    labels: int = Field(default=8, ge=1)
    max_atoms: int = Field(default=12, ge=1)
    holdout: Path | None = None
    replay: tuple[Path, ...] = ()
    steps: int = Field(default=200, ge=1)
    out: Path = Path("simulation")

    def deciding(self) -> dict[str, object]:
        """The settings that decide what one search finds, JSON values."""
        return self.model_dump(mode="json", exclude={"arms", "rounds", "seeds", "out"})
