"""What a search comes to, as plain records: the ranking, its hull, and what was lost."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeInt, PositiveInt
from pymatgen.core import Structure

from dao_core.record import Record


class FunnelRow(Record):
    """How many candidates entered and left one stage, and why the others did not leave it.

    Attributes:
        stage: Name of the stage, for example ``validity``.
        entered: Number of candidates that entered.
        left: Number that left it towards the next stage.
        rejected: Number of rejected candidates by reason, for example ``{"too_close": 3}``.
    """

    stage: str
    entered: NonNegativeInt
    left: NonNegativeInt
    rejected: dict[str, NonNegativeInt] = Field(default_factory=dict)

    @property
    def unaccounted(self) -> int:
        """Candidates that neither left nor were rejected for a reason: zero in a sound campaign."""
        return self.entered - self.left - sum(self.rejected.values())


class RankedCrystal(Record):
    """One structure of the ranking, relaxed and placed on the hull at the level of the campaign.

    Attributes:
        rank: Place in the ranking, from 1.
        candidate_id: Provenance id of the candidate.
        structure_id: Content hash of the relaxed structure.
        formula: Reduced formula, for example ``MgO``.
        z: Formula units in the symmetrised primitive cell.
        space_group: Hermann-Mauguin symbol.
        space_group_number: International number, 1 to 230.
        energy_per_atom: Energy in eV/atom at the level of the campaign.
        energy_above_hull: In eV/atom; below zero for a crystal of an element below its known
            ground state; None when no hull could be built.
        energy_above_hull_std: Uncertainty of that in eV/atom, references included, if the potential
            gives one.
        energy_std: Uncertainty of the energy in eV/atom, if the potential gives one.
        volume_per_atom: In cubic angstrom.
        prototype: AFLOW label without elements, e.g. ``AB_cF8_225_a_b``.
        wyckoff_sequence: Occupied orbits of the conventional cell, e.g. ``Mg4a O4b``.
        population: Relaxations that ended in this minimum.
        distance_to_best: How far it is from the best structure of its composition, as the largest
            difference of fingerprints (0 for the best itself; 0.1 is a different structure).
        origin: ``dao-g``, ``template:<prototype>``, ``random``, ``perturbation:<kind>`` or
            ``user:<file>``.
        novel: Whether it was seen neither in the store before this campaign nor in the AFLOW
            library of prototypes.
        known_as: Where it was seen before: a label's source and id, a prototype, or an id.
        converged: Whether the relaxation met its thresholds.
        flags: Everything a reader must know before trusting the row, in short words.
        structure_type: Name of the known structure type that it has, whatever its elements.
        search_energy_above_hull: Height above the hull of the level that searched, in eV/atom, of a
            structure that was refined.
        structure: The relaxed cell as it left the relaxation (pymatgen dictionary, read as P1).
        conventional: The symmetrised conventional cell (pymatgen dictionary), if one was found.
        symprec: Tolerance in angstrom at which the space group was found.
    """

    rank: PositiveInt
    candidate_id: str
    structure_id: str
    formula: str
    z: PositiveInt
    space_group: str
    space_group_number: int = Field(ge=1, le=230)
    energy_per_atom: float
    energy_above_hull: float | None
    energy_above_hull_std: float | None = Field(default=None, ge=0)
    energy_std: float | None = None
    volume_per_atom: float = Field(gt=0)
    prototype: str = ""
    wyckoff_sequence: str = ""
    population: PositiveInt = 1
    distance_to_best: float | None = Field(default=None, ge=0)
    origin: str
    novel: bool
    known_as: str | None = None
    converged: bool = True
    flags: tuple[str, ...] = ()
    structure_type: str | None = None
    search_energy_above_hull: float | None = None
    structure: dict[str, Any]
    conventional: dict[str, Any] | None = None
    symprec: float = Field(default=0.01, gt=0)

    def relaxed(self) -> Structure:
        """The relaxed cell as a pymatgen structure."""
        return Structure.from_dict(self.structure)

    def symmetrised(self) -> Structure:
        """The symmetrised conventional cell, or the relaxed cell where none was found."""
        return Structure.from_dict(self.conventional or self.structure)


class CompetingPhase(Record):
    """A phase that the hull holds beside the ranking: from the store, a file or a reference.

    Attributes:
        name: What a reader knows it by, for example ``mp-1265`` or ``O2 (reference)``.
        formula: Reduced formula.
        energy_per_atom: In eV/atom.
        volume_per_atom: In cubic angstrom, if known.
        level: Level of the energy; must be the level of the campaign.
        source: Where it came from: ``store``, ``reference`` or a data set's name.
    """

    name: str
    formula: str
    energy_per_atom: float
    volume_per_atom: float | None = Field(default=None, gt=0)
    level: str
    source: str


class MinimaDistances(Record):
    """How far the minima of one composition are from each other.

    Attributes:
        formula: Reduced formula.
        ranks: Ranks of the minima, the best of the composition first.
        distances: One row for each: largest difference of its fingerprint to those of all, in
            units of the cube root of the volume per atom (0.1 is a different structure).
    """

    formula: str
    ranks: tuple[PositiveInt, ...]
    distances: tuple[tuple[float, ...], ...]


class Failure(Record):
    """One item that was lost on the way, where, and why: a file, a candidate, a batch."""

    item: str
    stage: str
    reason: str
