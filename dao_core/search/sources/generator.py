"""DAO-G as a source of candidates."""

from __future__ import annotations

from dao_core.generator.generate import Generator
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import Proposal


class GeneratorSource:
    """A trained generator behind the interface of all sources.

    Attributes:
        checkpoint_hash: names the weights in the provenance of every candidate.
        max_atoms: largest cell of the training; whether a larger one is wanted is settled before
            a source is asked.
    """

    name = "dao-g"
    seconds_per_candidate = 0.1

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.checkpoint_hash = generator.checkpoint_hash
        self.max_atoms = generator.max_atoms

    def propose(self, cell: CompositionCell, n: int, seed: int, first: int = 0) -> list[Proposal]:
        """Exactly ``n`` samples, in the order in which they were drawn."""
        crystals = self._generator.generate(
            [cell.composition], n, first=first, seed=seed, beyond_domain=True
        )
        return [
            Proposal(
                crystal.structure,
                self.name,
                {"checkpoint_hash": self.checkpoint_hash, "sample": crystal.index},
            )
            for crystal in crystals
        ]
