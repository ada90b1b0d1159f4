"""Where each sample of a cell comes from: noise, or a likely prototype."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pymatgen.core import Structure

from dao_core.generator.held_parts import HeldCrystal
from dao_core.generator.prototypes.prior import LikelyPrototype, PrototypePrior

FREE_EVERY = 3
"""One sample in so many starts from noise although there are prototypes left."""
MOST_PROTOTYPES = 200
"""Different prototypes that one composition is offered."""


@dataclass(frozen=True)
class Start:
    """Where one sample begins.

    Attributes:
        held: what is held of it, None for nothing.
        structure: the prototype that it is; None for noise.
        prototype: its number in the model's library, None for noise.
        probability: of that prototype for the composition.
    """

    held: HeldCrystal | None
    structure: Structure | None = None
    prototype: int | None = None
    probability: float | None = None

    @property
    def time(self) -> float:
        """Where on the way from noise (0) to crystal (1)."""
        return self.held.start_time if self.held else 0.0


@dataclass
class Cell:
    """One cell that is asked for.

    Attributes:
        formula: all its atoms.
        atomic_numbers: ascending.
        held: known parts of every sample.
        outside_domain: why it lies outside what the model was trained on, or None.
        prior: prototypes to propose; None for noise alone.
    """

    formula: str
    atomic_numbers: list[int]
    held: HeldCrystal | None
    outside_domain: str | None
    prior: PrototypePrior | None
    _starts: dict[int, Start] = field(default_factory=dict, init=False)

    def start(self, index: int) -> Start:
        """Where sample ``index`` begins."""
        place = index - (index + 1) // FREE_EVERY
        if index % FREE_EVERY == FREE_EVERY - 1 or place >= len(self._likely):
            return Start(self.held)
        if place not in self._starts:
            self._starts[place] = self._start_from(self._likely[place])
        return self._starts[place]

    @cached_property
    def _likely(self) -> list[LikelyPrototype]:
        if self.prior is None or self.held is not None:
            return []
        return self.prior.likeliest(self.atomic_numbers, MOST_PROTOTYPES)

    def _start_from(self, likely: LikelyPrototype) -> Start:
        assert self.prior is not None  # noqa: S101 - prototypes come from it
        sites = sorted(self.prior.structure(likely), key=lambda site: site.specie.Z)
        return Start(None, Structure.from_sites(sites), likely.number, likely.probability)
