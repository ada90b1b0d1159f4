"""Where each sample of a cell begins: in noise, or on the way from noise to a likely prototype."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from dao_core.errors import InputError
from dao_core.generator.held_parts import HeldCrystal, HeldParts
from dao_core.generator.prototypes.prior import LikelyPrototype, PrototypePrior

PROTOTYPE_START = 0.9
"""Where on the way from noise samples of a prototype begin (benchmarks/experiments.md)."""
FREE_EVERY = 3
"""One sample in so many starts from noise although there are prototypes left."""
MOST_PROTOTYPES = 200
"""Different prototypes that one composition is offered."""


@dataclass(frozen=True)
class Start:
    """Where one sample begins.

    Attributes:
        held: what is held of it, None for nothing.
        prototype: number of the prototype in the model's library, None for noise.
        probability: of that prototype for the composition.
    """

    held: HeldCrystal | None
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
        prior: prototypes to start from; None for noise alone.
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
        """The way to a prototype; noise where its space group cannot be found."""
        assert self.prior is not None  # noqa: S101 - prototypes come from it
        parts = HeldParts(orbits=self.prior.structure(likely), start_time=PROTOTYPE_START)
        try:
            held = HeldCrystal(parts, self.atomic_numbers)
        except InputError:
            return Start(None)
        return Start(held, likely.number, likely.probability)
