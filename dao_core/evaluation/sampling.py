"""Samples of the compositions of a benchmark set, from DAO-G or from a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from pymatgen.core import Structure

from dao_core.evaluation.sets import Reference
from dao_core.generator.generate import Generator
from dao_core.generator.generated import GeneratedCrystal
from dao_core.generator.guidance import Guidance
from dao_core.generator.preference import preference_of_place, preferences
from dao_core.generator.samplers import DiffusionSampler, FlowSampler
from dao_core.search.compositions import CompositionCell
from dao_core.search.sources.base import CandidateSource

SEED_STRIDE = 1_000_003
"""Between the seeds of references that ask for the same cell: each gets samples of its own."""


@dataclass(frozen=True)
class Question:
    """A reference, as one of those with the same cell.

    Attributes:
        reference: the crystal whose composition is asked for.
        repeat: how many references before it have the same cell.
    """

    reference: Reference
    repeat: int


@dataclass(frozen=True)
class Sample:
    """One crystal for a question.

    Attributes:
        structure: as it was made.
        preference: what its source takes off its energy where samples are ranked, eV/atom
            (:mod:`dao_core.generator.preference`).
    """

    structure: Structure
    preference: float


class Sampler(Protocol):
    """Anything that answers a composition with crystals.

    Attributes:
        identity: plain JSON that names it; equal identities give equal samples.
    """

    identity: dict[str, Any]

    def sample(self, questions: Sequence[Question], k: int, seed: int) -> list[list[Sample]]:
        """Up to ``k`` crystals for each question, in order; the same for the same arguments."""
        ...


def questions(references: Sequence[Reference]) -> list[Question]:
    """The references with their repeats counted."""
    seen: dict[str, int] = defaultdict(int)
    asked = []
    for reference in references:
        cell = reference.structure.composition.formula
        asked.append(Question(reference, seen[cell]))
        seen[cell] += 1
    return asked


class GeneratorSampler:
    """DAO-G by flow matching or diffusion, cells of one size beside each other in a batch.

    Attributes:
        identity: source, weights, steps, slope, guidance, and whether prototypes are used.
        generator: the model.
        steps: of each sample.
        prototypes: whether samples may start from prototypes, or all from noise.
    """

    def __init__(
        self,
        generator: Generator,
        steps: int | None = None,
        guidance: Guidance | None = None,
        *,
        prototypes: bool = True,
    ) -> None:
        self.generator, self.guidance = generator, guidance
        self.prototypes = prototypes and generator.prior is not None
        self.steps = generator.sampler.default_steps if steps is None else steps
        flow = generator.sampler if isinstance(generator.sampler, FlowSampler) else None
        self.identity = {
            "source": "dao-g",
            "process": "flow" if flow else "diffusion",
            "model": generator.checkpoint_hash,
            "steps": self.steps,
            "slope": flow.slope if flow else None,
            "guidance": guidance.weight if guidance else None,
            "prototypes": self.prototypes,
        }

    def cost(self) -> dict[str, int]:
        """Parameters of the network, and evaluations of it per sample."""
        process = self.generator.sampler
        if isinstance(process, FlowSampler):
            return {"parameters": _size(process.network), "network_evaluations": self.steps}
        network = process.network if isinstance(process, DiffusionSampler) else None
        # Each step of diffusion is a prediction and a correction.
        return {"parameters": _size(network), "network_evaluations": 2 * self.steps}

    def sample(self, questions: Sequence[Question], k: int, seed: int) -> list[list[Sample]]:
        """Exactly ``k`` samples for each question."""
        answers: list[list[GeneratedCrystal]] = [[] for _ in questions]
        for repeat in sorted({question.repeat for question in questions}):
            rows = [i for i, question in enumerate(questions) if question.repeat == repeat]
            rows.sort(key=lambda i: len(questions[i].reference.structure))
            crystals = self.generator.generate(
                [questions[i].reference.structure.composition for i in rows],
                k,
                steps=self.steps,
                guidance=self.guidance,
                prototypes=self.prototypes,
                seed=seed + SEED_STRIDE * repeat,
                beyond_domain=True,
            )
            for position, crystal in enumerate(crystals):
                answers[rows[position // k]].append(crystal)
        return [
            [
                Sample(crystal.structure, preference)
                for crystal, preference in zip(row, preferences(row), strict=True)
            ]
            for row in answers
        ]


class SourceSampler:
    """A baseline: any source of candidates, asked for one cell after the other.

    Its proposals come in the order of their worth, which is all that it says of them.

    Attributes:
        identity: name of the source, and what else the caller knows of it.
    """

    def __init__(self, source: CandidateSource, **facts: Any) -> None:
        self.source = source
        self.identity = {"source": source.name, **facts}

    def sample(self, questions: Sequence[Question], k: int, seed: int) -> list[list[Sample]]:
        """At most ``k`` proposals for each question."""
        answers = []
        for question in questions:
            composition = question.reference.structure.composition
            reduced, z = composition.get_reduced_formula_and_factor()
            cell = CompositionCell(reduced, round(z), composition, round(composition.num_atoms))
            proposals = self.source.propose(cell, k, seed + SEED_STRIDE * question.repeat)
            answers.append(
                [
                    Sample(proposal.structure, preference_of_place(place))
                    for place, proposal in enumerate(proposals)
                ]
            )
        return answers


def _size(network: object) -> int:
    """Number of parameters."""
    if not isinstance(network, torch.nn.Module):
        return 0
    return sum(tensor.numel() for tensor in network.parameters())
