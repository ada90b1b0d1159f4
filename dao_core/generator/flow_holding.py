"""Holding parts of the crystals of a batch while the flow places the rest."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dao_core.generator.flow_matching import wrap
from dao_core.generator.held_parts import HeldCrystal
from dao_core.generator.log_stretch import log_stretch
from dao_core.generator.velocity import VelocityNetwork


class FlowHolding:
    """The paths of what is held, from noise to its place, as in training.

    Attributes:
        start_time: where on their way all crystals of the batch begin.
        frac_coords: ``[B, N, 3]`` at that time.
        stretch: ``[B, 6]`` at that time.
    """

    def __init__(
        self,
        network: VelocityNetwork,
        held: Sequence[HeldCrystal | None],
        frac_coords: Tensor,
        stretch: Tensor,
        mask: Tensor,
    ) -> None:
        self.network = network
        self.natoms = mask.sum(dim=1).to(stretch.dtype)
        self.frac_coords, self.stretch_start = frac_coords.clone(), stretch
        groups: dict[int, tuple[HeldCrystal, list[int]]] = {}
        for row, crystal in enumerate(held):
            if crystal is not None:
                groups.setdefault(id(crystal), (crystal, []))[1].append(row)
        self.groups = list(groups.values())
        self.known = torch.zeros_like(mask)
        self.place = torch.zeros_like(frac_coords)
        for crystal, rows in self.groups:
            n = len(crystal.known)
            for row in rows:
                start = crystal.start(frac_coords[row, :n].cpu())
                self.frac_coords[row, :n] = start.to(frac_coords)
            self.known[rows, :n] = crystal.known.to(mask.device)
            self.place[rows, :n] = crystal.frac_coords.to(frac_coords)
        self.way = wrap(self.place - self.frac_coords)
        self.start_time = _common_start(held)
        self.stretch = self.stretched(self._started(stretch), self.start_time)

    def _started(self, stretch: Tensor) -> Tensor:
        """The stretch ``[B, 6]`` on the straight way from noise to the lattice of given orbits."""
        stretch = stretch.clone()
        for crystal, rows in self.groups:
            if crystal.start_lattice is not None and self.start_time:
                end = self._numbers(crystal.start_lattice.to(stretch)[None], self.natoms[rows[:1]])
                stretch[rows] = (1 - self.start_time) * stretch[rows] + self.start_time * end
        return stretch

    def moved(self, frac_coords: Tensor, step: Tensor, before: float, after: float) -> Tensor:
        """Coordinates at time ``after`` from those at ``before`` and the flow's ``step``.

        The flow fixes no origin and known sites do: where there are any, the step is shifted as a
        whole so that on average it agrees with their own.
        """
        if not self.groups:
            return (frac_coords + step) % 1.0
        known = self.known[..., None].to(step.dtype)
        count = known.sum(dim=1, keepdim=True).clamp_min(1)
        shift = (((after - before) * self.way - step) * known).sum(dim=1, keepdim=True) / count
        step = step + shift
        for crystal, rows in self.groups:
            n = len(crystal.known)
            step[rows, :n] = crystal.project_vectors(step[rows, :n])
        target = self.place - (1 - after) * self.way
        return torch.where(self.known[..., None], target, frac_coords + step) % 1.0

    def stretched(self, stretch: Tensor, t: float) -> Tensor:
        """The normalised stretch ``[B, 6]`` at time ``t`` with what is held put right."""
        if not self.groups:
            return stretch
        stretch = stretch.clone()
        for crystal, rows in self.groups:
            natoms = self.natoms[rows]
            if crystal.lattice is not None:
                end = self._numbers(crystal.lattice.to(stretch)[None], natoms[:1])
                stretch[rows] = (1 - t) * self.stretch_start[rows] + t * end
            if crystal.orbits is not None:
                lattice = self.network.lattice(stretch[rows], natoms).double()
                metric = crystal.project_metric(lattice @ lattice.transpose(1, 2))
                stretch[rows] = self._numbers(torch.linalg.cholesky(metric).to(stretch), natoms)
        return stretch

    def final_lattice(self, lattice: Tensor) -> Tensor:
        """Lattices ``[B, 3, 3]`` with those that are held as they were given."""
        for crystal, rows in self.groups:
            if crystal.lattice is not None:
                lattice[rows] = crystal.lattice.to(lattice)
        return lattice

    def _numbers(self, lattice: Tensor, natoms: Tensor) -> Tensor:
        numbers = log_stretch(lattice, natoms)
        return (numbers - self.network.stretch_mean) / self.network.stretch_std


def _common_start(held: Sequence[HeldCrystal | None]) -> float:
    """The start time of a batch.

    Raises:
        ValueError: its crystals do not agree.
    """
    times = {crystal.start_time if crystal else 0.0 for crystal in held} or {0.0}
    if len(times) > 1:
        raise ValueError(f"crystals of one batch start at different times: {sorted(times)}")
    return times.pop()
