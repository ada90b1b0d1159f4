"""Phonons by finite displacements as a flow: one static run per displaced supercell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from jobflow import Flow, Job, Maker, OutputReference, Response, job
from pymatgen.core import Structure

from dft_inputs.phonons.finite_displacement import (
    DISPLACEMENT,
    FinitePhononDoc,
    displaced_supercells,
    phonons_from_forces,
)
from dft_inputs.qe.makers.core import StaticMaker

Mesh = tuple[int, int, int]


@dataclass
class FiniteDisplacementMaker(Maker):
    """Makes phonons by finite displacements, a :class:`FinitePhononDoc`, at any level.

    The crystal should be relaxed at the same level.

    Attributes:
        name: Flow name.
        static_maker: Makes one job that gives forces: the static maker of pw.x, one of atomate2's
            for VASP, for a force field or for an ASE calculator.
        supercell: Repetitions; None for vectors of at least 8 angstrom.
        displacement: angstrom.
        mesh: q-points at which imaginary modes are looked for.
    """

    name: str = "phonons by finite displacements"
    static_maker: Maker = field(default_factory=StaticMaker)
    supercell: Mesh | None = None
    displacement: float = DISPLACEMENT
    mesh: Mesh = (4, 4, 4)

    def make(self, structure: Structure) -> Flow:
        """Make the flow; its runs are known once the crystal is, which may come from another job.

        Args:
            structure: Crystal.

        Returns:
            The flow.
        """
        run = displace_and_compute(structure, self)
        return Flow([run], output=run.output, name=self.name)


@job
def displace_and_compute(structure: Structure, maker: FiniteDisplacementMaker) -> Response:
    """Make the static runs of all displaced supercells, and the phonons from their forces.

    Args:
        structure: Crystal.
        maker: How.

    Returns:
        The runs and what collects them.
    """
    # VASP's inputs are sorted by element; a sorted crystal keeps its order everywhere.
    crystal = structure.get_sorted_structure()
    cells = displaced_supercells(crystal, maker.supercell, maker.displacement)
    runs: list[Job] = []
    for number, cell in enumerate(cells, start=1):
        runs.append(cast("Job", maker.static_maker.make(cell)))
        runs[-1].append_name(f" {number}/{len(cells)}")
    phonons = phonons_of_displacements(
        crystal, [_forces(run) for run in runs], maker.supercell, maker.displacement, maker.mesh
    )
    return Response(replace=Flow([*runs, phonons], output=phonons.output))


@job(output_schema=FinitePhononDoc)
def phonons_of_displacements(
    structure: Structure,
    forces: Sequence[Sequence[Sequence[float]]],
    supercell: Mesh | None,
    displacement: float,
    mesh: Mesh,
) -> FinitePhononDoc:
    """Phonons from the forces of the displaced supercells.

    Args:
        structure: Crystal.
        forces: ``[cells, n, 3]`` eV/angstrom, in the order of the displacements.
        supercell: Repetitions; None for vectors of at least 8 angstrom.
        displacement: angstrom.
        mesh: q-points at which imaginary modes are looked for.

    Returns:
        The phonons.

    Raises:
        CalculationError: If the forces are not of every atom, or not finite.
    """
    return phonons_from_forces(structure, forces, supercell, displacement, mesh)


def _forces(run: Job) -> OutputReference:
    """The forces of a static run: in its document for pw.x, in its ``output`` for atomate2."""
    fields = getattr(run.output_schema, "model_fields", {})
    document = run.output if "forces" in fields else run.output.output
    return document.forces
