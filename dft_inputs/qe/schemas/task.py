"""Task document of one pw.x calculation: XML first, standard output as a check."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from dao_core.errors import CalculationError
from dao_core.units import RYDBERG_EV
from dft_inputs.corrections import Correction, read_corrections
from dft_inputs.errors import ContradictoryOutputError
from dft_inputs.garbled import GARBLED
from dft_inputs.level import LevelOfTheory
from dft_inputs.qe import files
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.schemas.band_structure import ElectronicStructure, electronic_structure
from dft_inputs.qe.schemas.belonging import check_belonging
from dft_inputs.qe.schemas.failure import diagnose
from dft_inputs.qe.schemas.pw_stdout import PwStdout, read_pw_stdout
from dft_inputs.qe.schemas.pw_xml import (
    forces_of,
    garbled,
    read_pw_xml,
    stress_of,
    structure_of,
)
from dft_inputs.structure_field import StructureField

ENERGY_TOLERANCE = 1e-6
"""Largest difference between XML and standard output, Ry; the latter prints eight digits."""


class IonicStep(BaseModel):
    """One ionic step."""

    structure: StructureField
    energy: float = Field(description="Total energy, eV per cell")
    forces: list[list[float]] | None = Field(description="[n, 3] eV/angstrom")
    stress: list[list[float]] | None = Field(
        description="[3, 3] GPa, negative diagonal when compressed"
    )


class Timings(BaseModel):
    """Time that a calculation took."""

    wall_seconds: float = Field(description="Wall time of the last pw.x run, s")
    cpu_seconds: float = Field(description="CPU time of the last pw.x run, s")
    n_processes: int


class PwTaskDoc(BaseModel):
    """Result of one pw.x calculation that ended well; a failed one has no document."""

    task_label: str = "pw"
    calculation: str = Field(description="scf, nscf, bands, relax or vc-relax")
    dir_name: str
    formula: str
    chemical_system: str
    n_atoms: int
    structure: StructureField = Field(description="Crystal at the end")
    input_structure: StructureField = Field(description="Crystal that pw.in of the last run gave")
    inputs: dict[str, dict[str, Any]] = Field(description="Namelists of pw.in as last run")
    cards: dict[str, list[str]] = Field(
        description="Cards of pw.in as last run: species, cell, positions, k-points, U"
    )
    energy: float | None = Field(description="Total energy, eV per cell; None without an scf")
    energy_per_atom: float | None = Field(description="eV/atom")
    smearing_energy: float = Field(description="Contribution -TS of the smearing, eV per cell")
    forces: list[list[float]] | None = Field(description="[n, 3] eV/angstrom")
    stress: list[list[float]] | None = Field(
        description="[3, 3] GPa, negative diagonal when compressed"
    )
    pressure: float | None = Field(description="GPa, positive when compressed")
    ionic_steps: list[IonicStep]
    electronic: ElectronicStructure
    version: str = Field(description="Version of pw.x")
    level: str = Field(description="Name of the level of theory")
    level_of_theory: LevelOfTheory
    fingerprint: str
    corrections: list[Correction]
    timings: Timings
    completed_at: str

    @property
    def max_force(self) -> float | None:
        """Largest force on an atom, eV/angstrom."""
        return None if self.forces is None else float(np.linalg.norm(self.forces, axis=1).max())

    @classmethod
    def from_directory(
        cls, directory: Path | str, level: LevelOfTheory, task_label: str = "pw"
    ) -> PwTaskDoc:
        """Read a finished calculation.

        Args:
            directory: Folder of the run.
            level: Level of theory of its inputs.
            task_label: Name of the job.

        Returns:
            The document.

        Raises:
            CalculationError: With the reason, when there is no trustworthy result: empty,
                truncated, unconverged or contradictory output.
        """
        directory = Path(directory)
        failure = diagnose(directory)
        if failure is not None:
            raise failure
        try:
            return cls._read(directory, level, task_label)
        except GARBLED as error:
            raise garbled(error) from error

    @classmethod
    def _read(cls, directory: Path, level: LevelOfTheory, task_label: str) -> PwTaskDoc:
        """The document of a run whose standard output shows no failure."""
        xml = read_pw_xml(files.xml_path(directory))
        stdout = read_pw_stdout(directory / files.OUTPUT)
        pw_input = PwInput.from_directory(directory)
        check_belonging(xml, stdout, pw_input, level.pseudo_md5)
        calculation = xml["input"]["control_variables"]["calculation"]
        if calculation in ("scf", "relax", "vc-relax"):
            check_agreement(xml, stdout)
        return cls(
            task_label=task_label,
            calculation=calculation,
            dir_name=str(directory.resolve()),
            **_results(xml, stdout, has_energy=calculation not in ("nscf", "bands")),
            inputs=pw_input.namelists,
            cards=pw_input.cards,
            version=xml["general_info"]["creator"]["@VERSION"],
            level=level.name,
            level_of_theory=level,
            fingerprint=level.fingerprint(),
            corrections=read_corrections(directory),
            timings=_timings(xml),
            completed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _results(xml: dict[str, Any], stdout: PwStdout, *, has_energy: bool) -> dict[str, Any]:
    output = xml["output"]
    structure = structure_of(output["atomic_structure"])
    total = output["total_energy"]
    energy = 2 * RYDBERG_EV * total["etot"] if has_energy else None
    stress = stress_of(output.get("stress"))
    return {
        "structure": structure,
        "formula": structure.composition.reduced_formula,
        "chemical_system": structure.composition.chemical_system,
        "n_atoms": len(structure),
        "input_structure": structure_of(xml["input"]["atomic_structure"]),
        "energy": energy,
        "energy_per_atom": None if energy is None else energy / len(structure),
        "smearing_energy": 2 * RYDBERG_EV * total.get("demet", 0.0),
        "forces": forces_of(output.get("forces")) if has_energy else None,
        "stress": stress if has_energy else None,
        "pressure": None if stress is None or not has_energy else -float(np.trace(stress)) / 3,
        "ionic_steps": _ionic_steps(xml, stdout),
        "electronic": electronic_structure(output),
    }


def _ionic_steps(xml: dict[str, Any], stdout: PwStdout) -> list[IonicStep]:
    """Steps of a relaxation; the XML file has no stress of a step, the standard output has."""
    steps = xml.get("step") or []
    # A step whose scf was repeated by pw.x prints its stress more than once.
    stresses = stdout.stresses if len(stdout.stresses) >= len(steps) else []
    return [
        IonicStep(
            structure=structure_of(step["atomic_structure"]),
            energy=2 * RYDBERG_EV * step["total_energy"]["etot"],
            forces=forces_of(step.get("forces")),
            stress=stress_of(step.get("stress")) or (stresses[index] if stresses else None),
        )
        for index, step in enumerate(steps)
    ]


def check_agreement(xml: dict[str, Any], stdout: PwStdout) -> None:
    """Refuse a run whose XML file and standard output tell different stories.

    Args:
        xml: Content of the XML file.
        stdout: Signatures of the standard output.

    Raises:
        ContradictoryOutputError: If they differ in energy or convergence, or an energy or a force
            is not finite.
        CalculationError: If the XML file says that the scf did not converge.
    """
    energy = 2 * xml["output"]["total_energy"]["etot"]
    if not np.isfinite(energy):
        raise ContradictoryOutputError("The total energy in the XML file is not a number.")
    if not stdout.energies:
        raise ContradictoryOutputError("The XML file has an energy, the standard output has none.")
    if abs(energy - stdout.energies[-1]) > ENERGY_TOLERANCE:
        raise ContradictoryOutputError(
            f"The XML file says {energy:.8f} Ry, the standard output {stdout.energies[-1]:.8f} Ry: "
            "they are not of the same run."
        )
    convergence = xml["output"].get("convergence_info", {})
    if not convergence.get("scf_conv", {}).get("convergence_achieved", True):
        raise CalculationError("The XML file says that the scf did not converge.")
    forces = forces_of(xml["output"].get("forces"))
    if forces is not None and not np.isfinite(forces).all():
        raise ContradictoryOutputError("The forces in the XML file are not numbers.")


def _timings(xml: dict[str, Any]) -> Timings:
    total = xml.get("timing_info", {}).get("total", {})
    return Timings(
        wall_seconds=total.get("wall", 0.0),
        cpu_seconds=total.get("cpu", 0.0),
        n_processes=xml.get("parallel_info", {}).get("nprocs", 1),
    )
