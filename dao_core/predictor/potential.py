"""DAO-P behind the potential protocol: batches in, energies, forces, stresses, uncertainty out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from pymatgen.core import Element
from torch import Tensor

from dao_core.crystal.batch import MAX_ATOMIC_NUMBER, CrystalBatch
from dao_core.devices import default_device
from dao_core.potentials import chgnet
from dao_core.potentials.base import VASP_PBE_FLOOR, Domain, Evaluation
from dao_core.predictor.checkpoint import SHIPPED, LoadedPredictor, load_energy_model
from dao_core.predictor.doubt import pooled
from dao_core.predictor.neighbours import half_neighbours, images_per_axis

ATOMS_PER_PASS = {"cpu": 384, "cuda": 8192}
"""Padded atoms per pass: on a CPU larger passes fall out of the cache and gain nothing."""
MAX_IMAGES = 20_000
"""Lattice translations per crystal; a sane cell of one atom needs a few hundred."""
SMALLEST_VOLUME = 1e-3
"""Cubic angstrom."""


ON_MP_SCALE = {chgnet.LEVEL, "formation-energy"}
"""Levels of labels with energies on the scale of the Materials Project."""
TEACHER_LIMITS = {chgnet.LEVEL: chgnet.MAX_PRESSURE}
"""GPa up to which the pressures of a teacher are right, by its level."""


class PredictorPotential:
    """The physical DAO-P as a :class:`dao_core.potentials.base.Potential`.

    Attributes:
        level: ``dao-p@<hash of the model file>``.
        domain: elements and cell sizes of the training labels, all of perfect bulk crystals.
    """

    def __init__(self, loaded: LoadedPredictor) -> None:
        card = loaded.card
        self.model = loaded.model
        self.card = card
        self.level = f"dao-p@{loaded.checkpoint_hash}"
        self.domain = Domain(
            max_atoms=card.get("max_atoms"),
            elements=frozenset(Element.from_Z(z).symbol for z in card.get("elements", ())) or None,
            max_pressure=pressure_limit(card),
            bulk_only=True,
            lowest_energy=VASP_PBE_FLOOR
            if set(card.get("label_levels", ())) & ON_MP_SCALE
            else None,
        )

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies (eV per cell), forces, stresses and uncertainty (eV/atom) of ``batch``."""
        errors = unusable_rows(batch, self.model.config.cutoff)
        parameter = self.model.outputs
        size, width = batch.mask.shape
        energy = torch.full((size,), torch.nan, dtype=torch.float64)
        forces = torch.full((size, width, 3), torch.nan, dtype=torch.float64)
        forces[~batch.mask.cpu()] = 0.0
        stress = torch.full((size, 3, 3), torch.nan, dtype=torch.float64)
        spread = torch.full((size,), torch.nan, dtype=torch.float64)
        usable = [row for row in range(size) if row not in errors]
        for rows in _passes(batch, usable, ATOMS_PER_PASS.get(parameter.device.type, 384)):
            part = batch.select(rows).to(parameter.device, parameter.dtype)
            terms = self.model(part)
            energy[rows] = terms.energy.double().cpu()
            forces[rows, : part.mask.shape[1]] = terms.forces.double().cpu()
            stress[rows] = terms.stress.double().cpu()
            spread[rows] = self.model.energy_std(part, terms).double().cpu()
        for row in usable:
            if not torch.isfinite(energy[row]):
                errors[row] = "the model finds no finite energy for it"
        return Evaluation(energy, forces, stress, spread, errors)

    @torch.no_grad()
    def pooled_features(self, batch: CrystalBatch) -> Tensor:
        """Mean and spread of the atom features of each crystal, ``[B, 2 H]``."""
        part = batch.to(self.model.outputs.device, self.model.outputs.dtype)
        edges = half_neighbours(part, self.model.config.cutoff)
        features = self.model.atom_features(part, edges, edges.vectors)
        return pooled(features, part.mask).double().cpu()

    def formation_energy_per_atom(self, batch: CrystalBatch) -> Tensor:
        """Energy above the Materials Project's elemental phases, ``[B]``, eV/atom.

        The elemental energies were fitted with the training labels and are part of the model.
        """
        return (self.evaluate(batch).energy - self.elemental_energy(batch)) / batch.natoms.cpu()

    def elemental_energy(self, batch: CrystalBatch) -> Tensor:
        """What the atoms of each crystal have as elements, ``[B]``, eV per cell."""
        return self.model.elemental_energy.double().cpu()[batch.atomic_numbers.cpu()].sum(1)


def pressure_limit(card: Mapping[str, Any]) -> float | None:
    """Highest pressure at which a model is fit, GPa, or None if its card does not say.

    It is that of its labels, and no further than the teacher that made them is right: what was
    measured of DAO-P against PBE agrees (``benchmarks/pressure_range.py``).

    Args:
        card: of the model.
    """
    limits = [card.get("max_pressure")]
    limits += [TEACHER_LIMITS.get(level) for level in card.get("label_levels", ())]
    return min((limit for limit in limits if limit is not None), default=None)


def load_predictor(
    name_or_path: str | Path = SHIPPED, device: str | None = None
) -> PredictorPotential:
    """The shipped DAO-P by its name ``dao-p``, or a model file by its path.

    Args:
        name_or_path: of the model.
        device: where it computes; by default see :func:`dao_core.devices.default_device`.

    Raises:
        MissingError: there is no such file.
        CheckpointError: the file is corrupt, of another kind, or does not fit its network.
    """
    return PredictorPotential(load_energy_model(name_or_path, device or default_device()))


def unusable_rows(batch: CrystalBatch, cutoff: float) -> dict[int, str]:
    """Row -> why that crystal cannot be evaluated."""
    finite = torch.isfinite(batch.frac_coords).flatten(1).all(dim=1)
    finite &= torch.isfinite(batch.lattice).flatten(1).all(dim=1)
    cube = torch.eye(3, dtype=torch.float64)
    lattice = torch.where(finite.cpu()[:, None, None], batch.lattice.double().cpu(), cube)
    flat = torch.linalg.det(lattice).abs() < SMALLEST_VOLUME
    lattice = torch.where(flat[:, None, None], cube, lattice)
    thin = (2 * images_per_axis(lattice, cutoff) + 1).prod(dim=1) > MAX_IMAGES
    complaints = {
        "a coordinate or lattice vector is not a finite number": ~finite.cpu(),
        "its cell has no volume": flat,
        "its cell is too thin or too skewed; give a reduced cell": thin,
        "it has no atoms": ~batch.mask.any(dim=1).cpu(),
        f"it holds an element beyond Z = {MAX_ATOMIC_NUMBER}": (
            batch.atomic_numbers > MAX_ATOMIC_NUMBER
        )
        .any(dim=1)
        .cpu(),
    }
    errors: dict[int, str] = {}
    for reason, rows in complaints.items():
        for row in rows.nonzero().flatten().tolist():
            errors.setdefault(row, reason)
    return errors


def _passes(batch: CrystalBatch, usable: list[int], most: int) -> Iterator[list[int]]:
    """Rows of similar size, at most ``most`` padded atoms at once."""
    natoms = batch.natoms.tolist()
    rows: list[int] = []
    for row in sorted(usable, key=natoms.__getitem__):
        if rows and (len(rows) + 1) * natoms[row] > most:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
