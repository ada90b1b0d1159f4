"""What labels taught a campaign, as its summary keeps it."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt

from dao_core.record import Record


class CorrectedEnergy(Record):
    """Where labels put a structure, beside where the potential has it.

    Attributes:
        level: The potential's and that of the labels, e.g. ``dao-p@…+labels(qe-…)``.
        energy_above_hull: In eV/atom, mean over sampled hulls.
        std: Its standard deviation, eV/atom.
        chance: Of lying within 10 meV/atom of the hull.
        set_aside: Whether its own label contradicts all others and is not believed.
    """

    level: str
    energy_above_hull: float
    std: float = Field(ge=0)
    chance: float = Field(ge=0, le=1)
    set_aside: bool = False


class PredictedLabel(Record):
    """A structure of a batch, as it was predicted before it was labelled.

    Attributes:
        candidate_id: The structure.
        formula: Reduced formula.
        predicted: Height above the hull at the level of the labels, or None where nothing was
            known of it; eV/atom and all the rest as in :class:`CorrectedEnergy`.
    """

    candidate_id: str
    formula: str
    predicted: CorrectedEnergy | None = None


class LabelBatch(Record):
    """Structures that were chosen together.

    Attributes:
        number: From 0.
        members: In the order of their value.
    """

    number: NonNegativeInt
    members: tuple[PredictedLabel, ...]


class LearnedSummary(Record):
    """What is believed after all labels so far.

    Attributes:
        level: Of every corrected energy.
        labels: Structures of the ranking that have a label.
        expected: Phases within 10 meV/atom of the hull still without a label.
        low: 5th percentile of their number.
        high: 95th percentile.
        message: Why labels could not be used, or None.
    """

    level: str
    labels: NonNegativeInt
    expected: float = Field(ge=0)
    low: NonNegativeInt
    high: NonNegativeInt
    message: str | None = None

    @property
    def still_to_find(self) -> str:
        """As a reader sees it: ``2.1 [1-4]``."""
        return f"{self.expected:.1f} [{self.low}-{self.high}]"
