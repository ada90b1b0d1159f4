"""The public face of DAO-G: compositions in, a stream of crystals out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pymatgen.core import Composition, Structure

from dao_core.checkpoints.format import Card, checkpoint_hash, load_checkpoint, load_weights
from dao_core.crysformer.config import named_config
from dao_core.crystal.batch import MAX_ATOMIC_NUMBER
from dao_core.errors import DomainError, InputError
from dao_core.generator.sampling import crystal_seed, initial_noise, integrate_flow
from dao_core.generator.velocity import VelocityNetwork
from dao_core.pretrained import model_path

KIND = "dao-g-flow"
DEFAULT_STEPS = 50


@dataclass(frozen=True)
class GeneratedCrystal:
    """One sample and what made it.

    Attributes:
        structure: as generated, symmetry P1.
        formula: the composition asked for, all atoms of the cell.
        index: number of the sample within its composition, from 0.
        seed: the seed given to :meth:`Generator.generate`.
    """

    structure: Structure
    formula: str
    index: int
    seed: int


class Generator:
    """A trained DAO-G.

    Attributes:
        checkpoint_hash: names the weights in every candidate's provenance.
        card: how the model was made.
        max_atoms: the largest cell it was trained on.
    """

    def __init__(
        self, network: VelocityNetwork, card: Card, hash_: str, device: torch.device | str = "cpu"
    ) -> None:
        self.network = network.to(device).eval()
        self.device = torch.device(device)
        self.card = card
        self.checkpoint_hash = hash_
        self.max_atoms = int(card["max_atoms"])

    def generate(
        self,
        compositions: Sequence[Composition],
        n: int,
        *,
        steps: int = DEFAULT_STEPS,
        seed: int = 0,
        batch_size: int = 128,
        beyond_domain: bool = False,
    ) -> Iterator[GeneratedCrystal]:
        """Sample ``n`` crystals of each composition, in order, as a stream.

        A sample is a function of the weights, ``seed``, its composition and its index alone; the
        batch size changes it by rounding only. Memory holds one batch.

        Args:
            compositions: whole cells, integer amounts (``Composition("Mg4O4")`` is four formula
                units).
            n: samples per composition.
            steps: Euler steps, one network evaluation each.
            seed: chooses the noise.
            batch_size: crystals per network evaluation.
            beyond_domain: allow more atoms than the model was trained on.

        Raises:
            InputError: a composition is empty or not of whole atoms of known elements.
            DomainError: a cell is larger than the training domain.
        """
        cells = [self._atoms(composition, beyond_domain) for composition in compositions]
        if n < 0 or steps < 1 or batch_size < 1:
            raise InputError("n must not be negative; steps and batch_size must be at least 1")
        jobs = ((cell, index) for cell in cells for index in range(n))
        return self._stream(jobs, steps, seed, batch_size)

    def _stream(
        self,
        jobs: Iterator[tuple[tuple[str, list[int]], int]],
        steps: int,
        seed: int,
        batch_size: int,
    ) -> Iterator[GeneratedCrystal]:
        while chunk := list(itertools.islice(jobs, batch_size)):
            sizes = [len(numbers) for (_, numbers), _ in chunk]
            seeds = [crystal_seed(seed, formula, index) for (formula, _), index in chunk]
            atomic_numbers = torch.zeros(len(chunk), max(sizes), dtype=torch.long)
            for row, ((_, numbers), _) in enumerate(chunk):
                atomic_numbers[row, : len(numbers)] = torch.tensor(numbers)
            frac_coords, stretch = initial_noise(sizes, seeds)
            batch = integrate_flow(
                self.network,
                atomic_numbers.to(self.device),
                frac_coords.to(self.device),
                stretch.to(self.device),
                steps,
            )
            for structure, ((formula, _), index) in zip(batch.to_structures(), chunk, strict=True):
                yield GeneratedCrystal(structure, formula, index, seed)

    def _atoms(self, composition: Composition, beyond_domain: bool) -> tuple[str, list[int]]:
        """Canonical formula and atomic numbers of one cell, checked."""
        amounts = composition.get_el_amt_dict()
        if not amounts or any(amount != round(amount) for amount in amounts.values()):
            raise InputError(f"{composition}: a cell needs whole numbers of atoms")
        numbers = sorted(
            z for element, amount in composition.items() for z in [element.Z] * round(amount)
        )
        if numbers[-1] > MAX_ATOMIC_NUMBER:
            raise InputError(f"{composition}: elements beyond Z = {MAX_ATOMIC_NUMBER} are unknown")
        if len(numbers) > self.max_atoms and not beyond_domain:
            raise DomainError(
                f"{composition.formula}: {len(numbers)} atoms per cell; the generator was trained "
                f"on at most {self.max_atoms}. Use fewer formula units, or force it"
            )
        return composition.formula.replace(" ", ""), numbers


def load_generator(name: str = "dao-g", device: torch.device | str = "cpu") -> Generator:
    """Load a generator by shipped name or by path of a model file.

    Raises:
        MissingError: there is no such model.
        CheckpointError: the file is corrupt or does not hold a generator.
    """
    path: Path = model_path(name)
    tensors, card = load_checkpoint(path, KIND)
    network = VelocityNetwork(named_config(card["config"]))
    load_weights(network, tensors, path)
    return Generator(network, card, checkpoint_hash(path), device)
