"""CHGNet, evaluated for many crystals in one forward and one backward pass.

CHGNet: Deng et al., Nature Machine Intelligence 5, 1031 (2023). Its weights come with the
``chgnet`` wheel. Forces and stress are taken from one first-order backward pass to the fractional
coordinates and lattices; CHGNet's own prediction call builds the graph of second derivatives for
each of the two, which costs three times as much for the same numbers.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from pymatgen.core import Element, Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.potentials.base import (
    VASP_PBE_FLOOR,
    Domain,
    Evaluation,
    assemble,
    structures_or_errors,
)
from dao_core.potentials.catalogue import CATALOGUE, require_package

VERSION = "0.3.0"
"""The CHGNet weights in use: trained on MPtrj (PBE, PBE+U, MP2020-corrected energies)."""

ANGLES_PER_PASS = 40_000
"""Bounds the memory of one pass (about 2 GB); 500 atoms of a common crystal."""
MOST_ANGLES = 100_000
"""Of one crystal. Ten atoms squeezed to a tenth of their volume have more, and need 5 GB."""

_ABSENT_FROM_MPTRJ = {84, 85, 86, 87, 88}
MAX_PRESSURE = CATALOGUE["chgnet"].max_pressure
"""GPa. MPtrj has relaxations at no pressure, which began more or less compressed. Against PBE the
pressures of CHGNet scatter without bias up to here and fall short increasingly beyond
(``benchmarks/pressure_range.py``)."""

_DOMAIN = Domain(
    max_pressure=MAX_PRESSURE,
    bulk_only=True,  # MPtrj has no slabs and no defects
    max_atoms=444,
    lowest_energy=VASP_PBE_FLOOR,
    elements=frozenset(
        Element.from_Z(z).symbol for z in range(1, 95) if z not in _ABSENT_FROM_MPTRJ
    ),
)


LEVEL = f"chgnet-{VERSION}"


class CHGNetPotential:
    """The CHGNet universal potential behind the :class:`Potential` protocol."""

    level = LEVEL
    domain = _DOMAIN

    def __init__(self, device: str = "cpu") -> None:
        self._model = _load_model(device)
        self._device = device

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies (eV per cell), forces (eV/angstrom) and stresses (eV/angstrom^3)."""
        structures, errors = structures_or_errors(batch)
        graphs, graph_errors = self._graphs(structures)
        rows = {
            row: result for part in _passes(graphs) for row, result in self._evaluate(part).items()
        }
        return assemble(batch, rows, errors | graph_errors)

    def energies(self, batch: CrystalBatch) -> Tensor:
        """Energies alone (eV per cell): the forward pass is less than half of the work."""
        structures, _ = structures_or_errors(batch)
        graphs, _ = self._graphs(structures)
        energy = torch.full((len(batch.mask),), torch.nan, dtype=torch.float64)
        for part in _passes(graphs):
            with torch.no_grad():
                energy[list(part)] = self._forward(list(part.values())).double().cpu()
        return energy

    def _forward(self, crystals: Sequence[Any]) -> Tensor:
        """Energies of some graphs, eV per cell."""
        natoms = torch.tensor([len(graph.atomic_number) for graph in crystals])
        energy: Tensor = self._model(crystals, task="e")["e"] * natoms.to(self._device)
        return energy

    def _graphs(self, structures: Mapping[int, Structure]) -> tuple[dict[int, Any], dict[int, str]]:
        graphs: dict[int, Any] = {}
        errors: dict[int, str] = {}
        for row, structure in structures.items():
            # The element embedding ends at Pu; an index beyond it would fail the whole pass.
            if max(structure.atomic_numbers) > 94:
                errors[row] = "CHGNet has no elements beyond Z = 94"
                continue
            try:
                graph = self._model.graph_converter(structure)
            except (ValueError, RuntimeError) as error:
                errors[row] = f"CHGNet could not build its graph: {error}"
                continue
            if len(graph.bond_graph) > MOST_ANGLES:
                errors[row] = f"too dense for CHGNet: {len(graph.bond_graph)} angles between bonds"
            else:
                graphs[row] = graph.to(self._device)
        return graphs, errors

    def _evaluate(self, graphs: Mapping[int, Any]) -> dict[int, tuple[Tensor, Tensor, Tensor]]:
        crystals = list(graphs.values())
        energy = self._forward(crystals)
        variables = [graph.atom_frac_coord for graph in crystals]
        variables += [graph.lattice for graph in crystals]
        gradients = torch.autograd.grad(energy.sum(), variables)
        results = {}
        for index, (row, graph) in enumerate(graphs.items()):
            lattice = graph.lattice.detach().double()
            d_frac, d_lattice = gradients[index], gradients[len(crystals) + index]
            forces = -torch.linalg.solve(lattice, d_frac.double().T).T
            stress = lattice.T @ d_lattice.double() / torch.linalg.det(lattice).abs()
            results[row] = (
                energy[index].detach().double().cpu(),
                forces.cpu(),
                ((stress + stress.T) / 2).cpu(),
            )
        return results


def _passes(graphs: Mapping[int, Any]) -> Iterator[dict[int, Any]]:
    part: dict[int, Any] = {}
    angles = 0
    for row, graph in graphs.items():
        size = len(graph.bond_graph)
        if part and angles + size > ANGLES_PER_PASS:
            yield part
            part, angles = {}, 0
        part[row] = graph
        angles += size
    if part:
        yield part


def _load_model(device: str) -> Any:
    require_package(CATALOGUE["chgnet"])
    chgnet_model = importlib.import_module("chgnet.model")
    # CHGNet announces itself on stdout, where --json promises one object and nothing else.
    with contextlib.redirect_stdout(io.StringIO()):
        model = chgnet_model.CHGNet.load(model_name=VERSION, use_device=device, verbose=False)
    # CHGNet reads the volumes off lattices that carry gradients; nothing here uses those volumes.
    warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True")
    return model.eval().requires_grad_(requires_grad=False)
