"""DAO-G as a source of candidates: free, guided by an energy, or with parts held."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pymatgen.core import Composition

from dao_core.errors import InputError
from dao_core.generator.generate import Generator
from dao_core.generator.generated import GeneratedCrystal
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldCrystal, HeldParts
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Proposal


class GeneratorSource:
    """A trained generator behind the interface of all sources.

    Attributes:
        checkpoint_hash: names the weights in the provenance of every candidate.
        max_atoms: largest cell of the training; whether a larger one is wanted is settled before
            a source is asked.
        variant: what guides or is held, in one word; empty for free sampling.
    """

    name = "dao-g"
    seconds_per_candidate = 0.1
    opens = True

    def __init__(
        self,
        generator: Generator,
        *,
        guidance: Guidance | None = None,
        held: HeldParts | None = None,
        variant: str = "",
    ) -> None:
        """Sample with ``generator``, bent by ``guidance``, around what is ``held``."""
        self._generator = generator
        self._guidance = guidance
        self._held = held
        self.variant = variant
        self.checkpoint_hash = generator.checkpoint_hash
        self.max_atoms = generator.max_atoms

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Exactly ``n`` samples, in the order in which they were drawn.

        None where the held parts do not fit the cell.
        """
        (samples,) = self.propose_together([cell], n, seed, first)
        return samples

    def propose_together(
        self, cells: Sequence[CompositionCell], n: int, seed: int, first: int = 0
    ) -> list[list[Proposal]]:
        """What :meth:`propose` has for each of some cells, all in one batch of the network."""
        fitting = [c for c in cells if self._held is None or fits(self._held, c.composition)]
        crystals = self._generator.generate(
            [cell.composition for cell in fitting], n, first=first, seed=seed, beyond_domain=True,
            guidance=self._guidance, held=self._held,
        )  # fmt: skip
        asked = set(map(id, fitting))
        return [
            [self._proposal(crystal) for crystal in itertools.islice(crystals, n)]
            if id(cell) in asked
            else []
            for cell in cells
        ]

    def _proposal(self, crystal: GeneratedCrystal) -> Proposal:
        """A sample and what makes it again."""
        guided = {"variant": self.variant} if self.variant else {}
        detail = {
            "checkpoint_hash": self.checkpoint_hash,
            **guided,
            "sample": crystal.index,
            "prototype": crystal.prototype,
            "probability": crystal.probability,
        }
        return Proposal(crystal.structure, self.name, detail)


class GuidedGeneratorSource(GeneratorSource):
    """DAO-G guided by an energy of noisy crystals, with a yield of its own."""

    name = "dao-g-guided"
    seconds_per_candidate = 0.3
    opens = False


class HeldGeneratorSource(GeneratorSource):
    """DAO-G around a held lattice, framework or space group, with a yield of its own."""

    name = "dao-g-held"
    opens = False


def fits(held: HeldParts, composition: Composition) -> bool:
    """Whether held parts can be laid over the atoms of a cell."""
    numbers = sorted(z for e, n in composition.items() for z in [e.Z] * round(n))
    try:
        HeldCrystal(held, numbers)
    except InputError:
        return False
    return True
