"""The public face of DAO-G: compositions in, a stream of crystals out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pymatgen.core import Composition, Structure

from dao_core.checkpoints.format import (
    Card,
    checkpoint_hash,
    load_checkpoint,
    load_weights,
    read_card,
)
from dao_core.crysformer.config import named_config
from dao_core.crysformer.published.model_file import KIND as PUBLISHED_KIND
from dao_core.crysformer.published.model_file import load_published
from dao_core.devices import default_device
from dao_core.errors import CheckpointError, DomainError, InputError
from dao_core.generator.cell_atoms import atoms_of_cell
from dao_core.generator.guidance import Guidance
from dao_core.generator.held_parts import HeldCrystal, HeldParts
from dao_core.generator.samplers import DiffusionSampler, FlowSampler, Sampler
from dao_core.generator.sampling import crystal_seed
from dao_core.generator.velocity import VelocityNetwork
from dao_core.pretrained import model_path

KIND = "dao-g-flow"
PUBLISHED_MAX_ATOMS = 30
"""The released models were trained on 3 to 30 atoms."""


@dataclass(frozen=True)
class GeneratedCrystal:
    """One sample and what made it.

    Attributes:
        structure: as generated, symmetry P1.
        formula: the composition asked for, all atoms of the cell.
        index: number of the sample within its composition, from 0.
        seed: the seed given to :meth:`Generator.generate`.
        outside_domain: why the cell lies outside what the model was trained on, or None.
    """

    structure: Structure
    formula: str
    index: int
    seed: int
    outside_domain: str | None = None


class Generator:
    """A trained DAO-G.

    Attributes:
        checkpoint_hash: names the weights in every candidate's provenance.
        card: how the model was made.
        max_atoms: the largest cell it was trained on.
    """

    def __init__(
        self, sampler: Sampler, card: Card, hash_: str, device: torch.device | str = "cpu"
    ) -> None:
        self.sampler = sampler
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
            seed: chooses the noise.
            batch_size: crystals per network evaluation.
            beyond_domain: allow more atoms than the model was trained on.

        Raises:
            InputError: a composition is empty or not of whole atoms of known elements, the
                predictor cannot guide this generator, or the held parts do not fit.
            DomainError: a cell is larger than the training domain.
        """
        cells = [self._cell(composition, held, beyond_domain) for composition in compositions]
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
        jobs: Iterator[tuple[_Cell, int]],
        steps: int,
        guidance: Guidance | None,
        seed: int,
        batch_size: int,
    ) -> Iterator[GeneratedCrystal]:
        while chunk := list(itertools.islice(jobs, batch_size)):
            seeds = [crystal_seed(seed, cell.formula, index) for cell, index in chunk]
            width = max(len(cell.atomic_numbers) for cell, _ in chunk)
            atomic_numbers = torch.zeros(len(chunk), width, dtype=torch.long)
            for row, (cell, _) in enumerate(chunk):
                numbers = torch.tensor(cell.atomic_numbers)
                atomic_numbers[row, : len(numbers)] = numbers
            held = [cell.held for cell, _ in chunk]
            batch = self.sampler.sample(
                atomic_numbers.to(self.device), seeds, steps, guidance, held
            )
            for structure, (cell, index) in zip(batch.to_structures(), chunk, strict=True):
                yield GeneratedCrystal(structure, cell.formula, index, seed, cell.outside_domain)

    def _cell(self, composition: Composition, held: HeldParts | None, beyond_domain: bool) -> _Cell:
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
        return _Cell(formula, numbers, HeldCrystal(held, numbers) if held else None, objection)


@dataclass(frozen=True)
class _Cell:
    formula: str
    atomic_numbers: list[int]
    held: HeldCrystal | None
    outside_domain: str | None


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
    network = load_velocity_network(path).to(device).eval()
    return Generator(FlowSampler(network), read_card(path), checkpoint_hash(path), device)


def load_velocity_network(path: Path) -> VelocityNetwork:
    """The network of a model file of flow matching.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    tensors, card = load_checkpoint(path, KIND)
    network = VelocityNetwork(named_config(card["config"]))
    load_weights(network, tensors, path)
    return network


def _published_generator(path: Path, device: torch.device | str) -> Generator:
    model = load_published(path, device)
    if model.card["role"] != "generator":
        raise CheckpointError(f"{path} was imported as a predictor; it guides, but generates not")
    card = {"max_atoms": PUBLISHED_MAX_ATOMS, **model.card}
    sampler = DiffusionSampler(model.network, model.score_norm)
    return Generator(sampler, card, model.checkpoint_hash, device)
