"""What stands still while a crystal is sampled: its lattice, some sites, or a space group's orbits.

With a template, the sites of a known framework stay and the rest is placed around them; or every
step is projected onto what the template's space group leaves free
(:mod:`dao_core.generator.orbit_maps`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor

from dao_core.crystal.batch import unusable_reason
from dao_core.errors import InputError
from dao_core.generator.orbit_maps import OrbitMaps, orbit_maps


@dataclass(frozen=True)
class HeldParts:
    """Known parts of the crystals of one composition.

    Attributes:
        lattice: the cell; None where it is to be found.
        sites: a framework whose atoms stay at their fractional coordinates, in a cell of the
            composition; its own lattice counts only if given as ``lattice`` too.
        orbits: a crystal of the whole composition, in a cell of the composition, whose space group
            and occupied orbits are kept; where on its orbit an atom sits is to be found.
        start_time: where on the way from noise (0) to the crystal of ``orbits`` (1) sampling
            begins; the later, the nearer to it the samples stay.
    """

    lattice: Lattice | None = None
    sites: Structure | None = None
    orbits: Structure | None = None
    start_time: float = 0.0

    def __post_init__(self) -> None:
        """Refuse parts that cannot be used.

        Raises:
            InputError: sites and orbits are both given, one is no usable crystal, or the start
                time is none.
        """
        if self.sites is not None and self.orbits is not None:
            raise InputError("hold either sites or a space group's orbits, not both")
        for name, crystal in (("sites", self.sites), ("orbits", self.orbits)):
            reason = unusable_reason(crystal) if crystal is not None else None
            if reason:
                raise InputError(f"the crystal given as {name} cannot be used: {reason}")
        if self.lattice is not None and not self.lattice.volume > 1e-3:
            raise InputError("the lattice to be held has no volume")
        if not 0 <= self.start_time < 1 or (self.start_time and self.orbits is None):
            raise InputError("a start time lies in [0, 1), and between noise and given orbits")


class HeldCrystal:
    """:class:`HeldParts` laid over the atoms of one cell.

    Attributes:
        known: ``[n]`` bool, atoms that stand still.
        frac_coords: ``[n, 3]``, theirs; with orbits those of the template.
        lattice: ``[3, 3]`` angstrom, or None.
        start_time: of :class:`HeldParts`.
        start_lattice: ``[3, 3]`` angstrom, that of the crystal whose orbits are held, or None.
        orbits: what the held space group leaves free, or None.
    """

    def __init__(self, parts: HeldParts, atomic_numbers: Sequence[int]) -> None:
        """Lay the parts over a cell.

        Raises:
            InputError: the template does not fit the composition, or the lattice its symmetry.
        """
        numbers = np.asarray(atomic_numbers)
        self.known = torch.zeros(len(numbers), dtype=torch.bool)
        self.frac_coords = torch.zeros(len(numbers), 3)
        self.lattice = None if parts.lattice is None else torch.tensor(parts.lattice.matrix).float()
        self.orbits: OrbitMaps | None = None
        self.start_time = parts.start_time
        self.start_lattice: Tensor | None = None
        if parts.sites is not None:
            self._hold_sites(parts.sites, numbers)
        if parts.orbits is not None:
            self._hold_orbits(parts.orbits, numbers)

    def _hold_sites(self, framework: Structure, numbers: np.ndarray) -> None:
        wanted, there = Counter(framework.atomic_numbers), Counter(numbers.tolist())
        if wanted - there:
            raise InputError(
                f"the held sites {framework.formula} are not part of the composition asked for"
            )
        for z in wanted:
            rows = np.flatnonzero(numbers == z)[: wanted[z]]
            places = framework.frac_coords[np.array(framework.atomic_numbers) == z]
            self.known[rows] = True
            self.frac_coords[rows] = torch.tensor(places % 1.0).float()

    def _hold_orbits(self, template: Structure, numbers: np.ndarray) -> None:
        order = np.argsort(template.atomic_numbers, kind="stable")
        template = Structure.from_sites([template[int(row)] for row in order])
        if list(template.atomic_numbers) != numbers.tolist():
            raise InputError(
                f"the crystal whose orbits are held is {template.formula}, not of the composition "
                "asked for"
            )
        self.orbits = orbit_maps(template)
        self.frac_coords = self.orbits.frac_coords
        self.start_lattice = torch.tensor(template.lattice.matrix).float()
        if self.lattice is not None:
            metric = (self.lattice @ self.lattice.T)[None]
            allowed = 1e-3 * float(metric.diagonal(dim1=1, dim2=2).max())
            if not torch.allclose(self.project_metric(metric), metric, rtol=0, atol=allowed):
                raise InputError("the lattice to be held breaks the space group of the orbits")

    def start(self, noise: Tensor) -> Tensor:
        """Coordinates ``[n, 3]`` at the start time from uniform ``noise`` ``[n, 3]``.

        Known sites start from noise too: they come to their places along a straight path, as in
        training. With orbits, each representative moves by its noise within its free directions.
        """
        if self.orbits is None:
            return noise
        away = _apply(self.orbits.noise, noise - 0.5)
        return (self.frac_coords + (1 - self.start_time) * away) % 1.0

    def project_vectors(self, vectors: Tensor) -> Tensor:
        """The part of fractional displacements ``[b, n, 3]`` that keeps the orbits."""
        return vectors if self.orbits is None else _apply(self.orbits.projection, vectors)

    def project_metric(self, metric: Tensor) -> Tensor:
        """The part of metrics ``[b, 3, 3]`` that keeps the space group."""
        if self.orbits is None:
            return metric
        flat: Tensor = metric.flatten(1) @ self.orbits.metric.to(metric).T
        return flat.view_as(metric)


def _apply(map_: Tensor, vectors: Tensor) -> Tensor:
    """A map ``[3n, 3n]`` on vectors ``[..., n, 3]``."""
    flat: Tensor = vectors.flatten(-2) @ map_.to(vectors).T
    return flat.view_as(vectors)
