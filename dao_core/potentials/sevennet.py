"""SevenNet, evaluated for many crystals in one forward and one backward pass.

SevenNet: Park et al., J. Chem. Theory Comput. 20, 4857 (2024). Its weights come with the ``sevenn``
wheel; they were trained on MPtrj (PBE, PBE+U) without corrections.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from ase.data import chemical_symbols
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import (
    VASP_PBE_FLOOR,
    Domain,
    Evaluation,
    assemble,
    structures_or_errors,
)
from dao_core.potentials.catalogue import NamedPotential, require_package

WEIGHTS = {"sevennet-0": "7net-0_11jul2024", "sevennet-l3i5": "7net-l3i5"}
"""Weights in the wheel by the name of the potential."""
LEVELS = {"sevennet-0": "sevennet-0-11jul2024", "sevennet-l3i5": "sevennet-l3i5"}
EDGES_PER_PASS = 8_000
"""Bounds the memory of one pass (0.7 GB for SevenNet-0, 1.3 GB for l3i5). On a CPU larger passes
gain nothing."""
_VOIGT = torch.tensor([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
"""Where xx, yy, zz, xy, yz, zx stand in a tensor; SevenNet gives them with a pressure's sign."""
MOST_EDGES = 60_000
"""Of one crystal: 1,200 atoms of a common one, or few atoms in next to no volume."""
LEAST_DISTANCE = 0.55
"""Over the sum of covalent radii: below it the energies of SevenNet fall without end, where known
crystals stay above 0.6 (``benchmarks/potential_holes.py``)."""


@dataclass(frozen=True)
class _Edges:
    """Neighbours of one crystal: atoms ``[n]``, pairs ``[2, E]``, vectors ``[E, 3]`` angstrom."""

    numbers: Tensor
    pairs: Tensor
    vectors: Tensor
    volume: float


class SevenNetPotential:
    """A SevenNet universal potential behind the :class:`Potential` protocol.

    Args:
        named: which one; its name is a key of :data:`WEIGHTS`.
        device: where it computes.

    Raises:
        MissingError: the package ``sevenn`` is not installed.
    """

    def __init__(self, named: NamedPotential, device: str = "cpu") -> None:
        require_package(named)
        util = importlib.import_module("sevenn.util")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # e3nn and torch argue about scripting
            model = util.load_checkpoint(WEIGHTS[named.name]).build_model()
        model.set_is_batch_data(True)
        self._model = model.to(device).eval().requires_grad_(requires_grad=False)
        self._device = device
        self._graph = importlib.import_module("sevenn.train.dataload").unlabeled_atoms_to_graph
        self._known = frozenset(model.type_map)
        self.level = LEVELS[named.name]
        self.domain = Domain(
            elements=frozenset(chemical_symbols[z] for z in self._known),
            max_pressure=named.max_pressure,
            bulk_only=named.bulk_only,
            min_distance=LEAST_DISTANCE,
            lowest_energy=VASP_PBE_FLOOR,
        )

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies (eV per cell), forces (eV/angstrom) and stresses (eV/angstrom^3)."""
        structures, errors = structures_or_errors(batch)
        crystals: dict[int, _Edges] = {}
        for row, structure in structures.items():
            found = self._neighbours(structure.to_ase_atoms(msonable=False))
            if isinstance(found, str):
                errors[row] = found
            else:
                crystals[row] = found
        rows: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
        for part in _passes(crystals):
            rows |= self._evaluate(part)
        return assemble(batch, rows, errors)

    def _neighbours(self, atoms: Any) -> _Edges | str:
        """The graph of a crystal, or why it has none."""
        unknown = {chemical_symbols[z] for z in atoms.numbers if z not in self._known}
        if unknown:
            return f"SevenNet does not know {', '.join(sorted(unknown))}"
        sphere = 4 / 3 * math.pi * self._model.cutoff**3
        expected = len(atoms) ** 2 * sphere / atoms.get_volume()
        if expected > MOST_EDGES:  # before the search, which would take the memory
            return f"too dense for SevenNet: {expected:.0f} pairs of neighbours"
        graph = self._graph(atoms, self._model.cutoff)
        pairs = torch.as_tensor(graph["edge_index"])
        if pairs.shape[1] == 0:
            return "no atom has a neighbour"
        vectors = torch.as_tensor(graph["edge_vec"], dtype=torch.float32)
        return _Edges(torch.as_tensor(atoms.numbers), pairs, vectors, atoms.get_volume())

    def _evaluate(self, crystals: Mapping[int, _Edges]) -> dict[int, tuple[Tensor, Tensor, Tensor]]:
        """Energy ``[]``, forces ``[n, 3]`` and stress ``[3, 3]`` of each crystal of one pass."""
        output = self._model(self._joined(list(crystals.values())))
        energies = output["inferred_total_energy"].detach().double().cpu()
        natoms = [len(crystal.numbers) for crystal in crystals.values()]
        forces = output["inferred_force"].detach().double().cpu().split(natoms)
        stresses = -output["inferred_stress"].detach().double().cpu()[:, _VOIGT]
        return {
            row: (energies[place], forces[place], stresses[place])
            for place, row in enumerate(crystals)
        }

    def _joined(self, crystals: Sequence[_Edges]) -> dict[str, Tensor]:
        """Some crystals as one graph, in the fields that the model reads."""
        natoms = torch.tensor([len(crystal.numbers) for crystal in crystals])
        first = natoms.cumsum(0) - natoms
        numbers = torch.cat([crystal.numbers for crystal in crystals])
        pairs = [crystal.pairs + start for crystal, start in zip(crystals, first, strict=True)]
        fields = {
            "x": numbers,
            "atomic_numbers": numbers,
            "edge_index": torch.cat(pairs, dim=1),
            "edge_vec": torch.cat([crystal.vectors for crystal in crystals]),
            "cell_volume": torch.tensor([crystal.volume for crystal in crystals]),
            "num_atoms": natoms,
            "batch": torch.arange(len(crystals)).repeat_interleave(natoms),
        }
        return {name: values.to(self._device) for name, values in fields.items()}


def _passes(crystals: Mapping[int, _Edges]) -> Iterator[dict[int, _Edges]]:
    """Crystals that are evaluated together."""
    part: dict[int, _Edges] = {}
    edges = 0
    for row, crystal in crystals.items():
        size = crystal.pairs.shape[1]
        if part and edges + size > EDGES_PER_PASS:
            yield part
            part, edges = {}, 0
        part[row] = crystal
        edges += size
    if part:
        yield part
