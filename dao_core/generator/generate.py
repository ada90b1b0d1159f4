"""The public face of DAO-G: compositions in, a stream of crystals out.

Two of three samples are the prototypes that the composition is likely to take, the likeliest first,
as they are: the flow brought them nothing (benchmarks/experiments.md). Every third, and all when
there is no prototype left, starts from noise and can be anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from pymatgen.core import Composition, Structure

from dao_core.checkpoints.format import Card, read_card
from dao_core.crysformer.published.model_file import KIND as PUBLISHED_KIND
from dao_core.crysformer.published.model_file import load_published
from dao_core.devices import default_device
from dao_core.errors import CheckpointError, DomainError, InputError
from dao_core.generator.cell_atoms import atoms_of_cell
from dao_core.generator.generated import GeneratedCrystal
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldCrystal, HeldParts
from dao_core.generator.model_file import load_flow_model
from dao_core.generator.prototypes.prior import PrototypePrior
from dao_core.generator.samplers import DiffusionSampler, FlowSampler, Sampler
from dao_core.generator.sampling import crystal_seed
from dao_core.generator.starts import Cell, Start
from dao_core.pretrained import model_path

PUBLISHED_MAX_ATOMS = 30
"""The released models were trained on 3 to 30 atoms."""


class Generator:
    """A trained DAO-G.

    Attributes:
        checkpoint_hash: names the weights in every candidate's provenance.
        card: how the model was made.
        max_atoms: the largest cell it was trained on.
        prior: its prototypes, or None.
    """

    def __init__(
        self,
        sampler: Sampler,
        card: Card,
        hash_: str,
        device: torch.device | str = "cpu",
        prior: PrototypePrior | None = None,
    ) -> None:
        self.sampler = sampler
        self.prior = prior
        self.device = torch.device(device)
        self.card = card
        self.checkpoint_hash = hash_
        self.max_atoms = int(card["max_atoms"])

    def generate(
        self,
        compositions: Sequence[Composition],
        n: int,
        *,
        first: int = 0,
        steps: int | None = None,
        guidance: Guidance | None = None,
        held: HeldParts | None = None,
        prototypes: bool = True,
        seed: int = 0,
        batch_size: int = 128,
        beyond_domain: bool = False,
    ) -> Iterator[GeneratedCrystal]:
        """Sample ``n`` crystals of each composition, in order, as a stream.

        A sample is a function of the weights, ``seed``, its composition, its index and what guides
        or is held alone; the batch size changes it by rounding only. Memory holds one batch.

        Args:
            compositions: whole cells, integer amounts (``Composition("Mg4O4")`` is four formula
                units).
            n: samples per composition.
            first: index of the first sample, to go on where another call ended.
            steps: steps of the sampler; by default as many as it was made for (50 of flow
                matching, one network evaluation each; all 1000 of the published diffusion).
            guidance: a predictor trained on this generator's kind of noise, and its weight.
            held: parts of the crystals that are known; they must fit every composition.
            prototypes: propose prototypes where the model has some and nothing is held.
            seed: chooses the noise.
            batch_size: crystals per network evaluation.
            beyond_domain: allow more atoms than the model was trained on.

        Raises:
            InputError: a composition is empty or not of whole atoms of known elements, the
                predictor cannot guide this generator, or the held parts do not fit.
            DomainError: a cell is larger than the training domain.
        """
        prior = self.prior if prototypes else None
        cells = [self._cell(one, held, beyond_domain, prior) for one in compositions]
        steps = self.sampler.default_steps if steps is None else steps
        if n < 0 or first < 0 or steps < 1 or batch_size < 1:
            raise InputError(
                "n and first must not be negative; steps and batch_size must be at least 1"
            )
        self.sampler.check(steps, guidance, held)
        jobs = ((cell, index) for cell in cells for index in range(first, first + n))
        return self._stream(jobs, steps, guidance, seed, batch_size)

    def _stream(
        self,
        jobs: Iterator[tuple[Cell, int]],
        steps: int,
        guidance: Guidance | None,
        seed: int,
        batch_size: int,
    ) -> Iterator[GeneratedCrystal]:
        while chunk := list(itertools.islice(jobs, batch_size)):
            samples = [(cell, index, cell.start(index)) for cell, index in chunk]
            made: dict[int, Structure] = {}
            free = [row for row, (_, _, start) in enumerate(samples) if start.structure is None]
            for time in sorted({samples[row][2].time for row in free}):
                rows = [row for row in free if samples[row][2].time == time]
                together = [samples[row] for row in rows]
                made |= zip(rows, self._sampled(together, steps, guidance, seed), strict=True)
            for row, (cell, index, start) in enumerate(samples):
                yield GeneratedCrystal(
                    start.structure or made[row],
                    cell.formula,
                    index,
                    seed,
                    cell.outside_domain,
                    start.prototype,
                    start.probability,
                )

    def _sampled(
        self,
        samples: Sequence[tuple[Cell, int, Start]],
        steps: int,
        guidance: Guidance | None,
        seed: int,
    ) -> list[Structure]:
        """Crystals that start at one time, as one batch."""
        seeds = [crystal_seed(seed, cell.formula, index) for cell, index, _ in samples]
        width = max(len(cell.atomic_numbers) for cell, _, _ in samples)
        atomic_numbers = torch.zeros(len(samples), width, dtype=torch.long)
        for row, (cell, _, _) in enumerate(samples):
            numbers = torch.tensor(cell.atomic_numbers)
            atomic_numbers[row, : len(numbers)] = numbers
        held = [start.held for _, _, start in samples]
        batch = self.sampler.sample(atomic_numbers.to(self.device), seeds, steps, guidance, held)
        return batch.to_structures()

    def _cell(
        self,
        composition: Composition,
        held: HeldParts | None,
        beyond_domain: bool,
        prior: PrototypePrior | None,
    ) -> Cell:
        """Canonical formula, atomic numbers and held parts of one cell, checked."""
        numbers = atoms_of_cell(composition)
        objection = None
        if len(numbers) > self.max_atoms:
            objection = f"{len(numbers)} atoms, trained on at most {self.max_atoms}"
        if objection and not beyond_domain:
            raise DomainError(
                f"{composition.formula}: {objection}. Use fewer formula units, or force it"
            )
        formula = composition.formula.replace(" ", "")
        laid = HeldCrystal(held, numbers) if held else None
        return Cell(formula, numbers, laid, objection, prior)


def load_generator(
    name: str | Path = "dao-g", device: torch.device | str | None = None
) -> Generator:
    """Load a generator by shipped name or by path of a model file, ours or an imported one.

    Args:
        name: of the model.
        device: where it computes; by default see :func:`dao_core.devices.default_device`.

    Raises:
        MissingError: there is no such model.
        CheckpointError: the file is corrupt or does not hold a generator.
    """
    path: Path = model_path(str(name))
    device = device or default_device()
    if read_card(path).get("kind") == PUBLISHED_KIND:
        return _published_generator(path, device)
    model = load_flow_model(path)
    sampler = FlowSampler(model.network.to(device).eval())
    return Generator(sampler, model.card, model.checkpoint_hash, device, model.prior)


def _published_generator(path: Path, device: torch.device | str) -> Generator:
    model = load_published(path, device)
    if model.card["role"] != "generator":
        raise CheckpointError(f"{path} was imported as a predictor; it guides, but generates not")
    card = {"max_atoms": PUBLISHED_MAX_ATOMS, **model.card}
    sampler = DiffusionSampler(model.network, model.score_norm)
    return Generator(sampler, card, model.checkpoint_hash, device)
