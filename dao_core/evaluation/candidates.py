"""What becomes of the samples of a few references: symmetrised, ranked, the best relaxed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pymatgen.core import Structure

from dao_core.crystal.symmetry import symmetrise
from dao_core.crystal.validity import invalid_reason
from dao_core.evaluation.sampling import Question, Sampler
from dao_core.potentials import Potential
from dao_core.potentials.volume_scan import volume_scan
from dao_core.relax import RelaxSettings, relax

STAGES = ("generated", "symmetrised", "relaxed", "relaxed_symmetrised")
"""As sampled; put on the nearest symmetry; the samples of lowest energy relaxed, the others left
as generated; the same on their nearest symmetry."""


@dataclass
class Candidates:
    """The samples of some references at one stage.

    Attributes:
        structures: for each reference its samples, in the order of generation.
        energies: eV/atom of each, None where it is not ranked.
        preferences: eV/atom that are taken off for ranking, for each.
    """

    structures: list[list[Structure]]
    energies: list[list[float | None]]
    preferences: list[list[float]]


@dataclass
class Piece:
    """All that was made for some references with one seed.

    Attributes:
        stages: by name, those of ``STAGES`` that were asked for.
        seconds: wall-clock seconds by kind of work.
        relaxations: how many relaxations ended for each reason.
    """

    stages: dict[str, Candidates]
    seconds: dict[str, float] = field(default_factory=dict)
    relaxations: dict[str, int] = field(default_factory=dict)


def make_candidates(
    sampler: Sampler,
    asked: Sequence[Question],
    k: int,
    seed: int,
    potential: Potential | None,
    relaxed: int,
) -> Piece:
    """Sample, symmetrise, rank and relax for some references.

    Args:
        sampler: where samples come from.
        asked: the references.
        k: samples for each.
        seed: of the samples.
        potential: ranks and relaxes; without one nothing is ranked.
        relaxed: so many samples of each reference are relaxed, those of lowest energy.
    """
    clock = _Clock()
    made = sampler.sample(asked, k, seed)
    samples = [[one.structure for one in row] for row in made]
    preferences = [[one.preference for one in row] for row in made]
    clock.lap("generate")
    symmetric = [[_symmetric(structure) for structure in row] for row in samples]
    clock.lap("symmetrise")
    piece = Piece(
        {
            "generated": _ranked(samples, preferences, potential),
            "symmetrised": _ranked(symmetric, preferences, potential),
        },
        clock.seconds,
    )
    clock.lap("rank")
    if potential is not None and relaxed:
        _add_relaxed(piece, potential, relaxed)
        clock.lap("relax")
    return piece


def _add_relaxed(piece: Piece, potential: Potential, relaxed: int) -> None:
    """Relax the samples of lowest energy, symmetrised or not, and add both stages."""
    start = piece.stages["generated"]
    ranks = piece.stages["symmetrised"].energies
    chosen = [
        (i, s) for i, row in enumerate(ranks) for s in _best(row, start.preferences[i])[:relaxed]
    ]
    ends = relax([start.structures[i][s] for i, s in chosen], potential, RelaxSettings())
    structures = [list(row) for row in start.structures]
    symmetric = [list(row) for row in start.structures]
    energies: list[list[float | None]] = [[None] * len(row) for row in start.structures]
    for (i, s), end in zip(chosen, ends, strict=True):
        piece.relaxations[end.stop_reason] = piece.relaxations.get(end.stop_reason, 0) + 1
        structures[i][s] = end.structure
        symmetric[i][s] = _symmetric(end.structure)
        energies[i][s] = end.energy_per_atom
    piece.stages["relaxed"] = Candidates(structures, energies, start.preferences)
    piece.stages["relaxed_symmetrised"] = Candidates(
        symmetric, [list(row) for row in energies], start.preferences
    )


def _best(energies: Sequence[float | None], preferences: Sequence[float]) -> list[int]:
    """Samples of one reference that have an energy, the best first."""
    ranked = [
        (energy - preference, s)
        for s, (energy, preference) in enumerate(zip(energies, preferences, strict=True))
        if energy is not None
    ]
    return [s for _, s in sorted(ranked)]


def _symmetric(structure: Structure) -> Structure:
    """The crystal on its nearest symmetry; one that is no possible crystal stays as it is."""
    return structure if invalid_reason(structure) else symmetrise(structure).structure


def _ranked(
    rows: Sequence[Sequence[Structure]],
    preferences: list[list[float]],
    potential: Potential | None,
) -> Candidates:
    """Every possible crystal at the volume that the potential gives it, with its energy."""
    structures = [list(row) for row in rows]
    energies: list[list[float | None]] = [[None] * len(row) for row in rows]
    if potential is not None:
        usable = [
            (i, s)
            for i, row in enumerate(rows)
            for s, structure in enumerate(row)
            if invalid_reason(structure) is None
        ]
        scanned = volume_scan([rows[i][s] for i, s in usable], potential)
        for (i, s), found in zip(usable, scanned, strict=True):
            structures[i][s], energies[i][s] = found.structure, found.energy_per_atom
    return Candidates(structures, energies, preferences)


class _Clock:
    """Wall-clock seconds between laps, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Put the time since the last lap under a name."""
        now = time.monotonic()
        self.seconds[name] = now - self._last
        self._last = now


def piece_as_dict(piece: Piece) -> dict[str, Any]:
    """Plain JSON of a piece."""
    return {
        "seconds": piece.seconds,
        "relaxations": piece.relaxations,
        "stages": {
            name: {
                "energies": stage.energies,
                "preferences": stage.preferences,
                "structures": [
                    [_plain(structure) for structure in row] for row in stage.structures
                ],
            }
            for name, stage in piece.stages.items()
        },
    }


def piece_from_dict(content: dict[str, Any]) -> Piece:
    """The piece of :func:`piece_as_dict`."""
    stages = {
        name: Candidates(
            [[Structure(*crystal) for crystal in row] for row in stage["structures"]],
            stage["energies"],
            stage["preferences"],
        )
        for name, stage in content["stages"].items()
    }
    return Piece(stages, content["seconds"], content["relaxations"])


def _plain(structure: Structure) -> list[Any]:
    """Lattice, atomic numbers and fractional coordinates."""
    return [
        structure.lattice.matrix.tolist(),
        list(structure.atomic_numbers),
        structure.frac_coords.tolist(),
    ]
