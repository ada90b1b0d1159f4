"""Document of the electronic interpretation of a crystal, the same fields for every code."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, Field

from dft_inputs.electrons.attractors import Attractor
from dft_inputs.electrons.electride import ElectrideVerdict
from dft_inputs.electrons.slices import GridSlice


class AtomicCharge(BaseModel):
    """One atom, in the order of the structure's sites; None where the code gives none."""

    element: str
    bader: float | None = Field(description="Charge, e; positive for cations")
    loewdin: float | None = Field(description="Charge, e; smaller than Bader's, of the same order")
    moment: float | None = Field(description="Bohr magnetons; None without spin")


class StatesDoc(BaseModel):
    """Density of states, total and by element and shell."""

    energies: list[float] = Field(description="eV, 0 at the highest occupied level")
    total: list[list[float]] = Field(description="[spins, energies] states/eV per cell")
    projected: dict[str, list[list[float]]] = Field(description="As total, by 'O p'")
    at_top: float = Field(description="At the highest occupied level, states/eV per cell")
    spilling: float | None = Field(
        description="Share of the states outside the atomic orbitals; None if not said"
    )

    @classmethod
    def of(
        cls,
        energies: np.ndarray,
        total: np.ndarray,
        projected: dict[str, np.ndarray],
        spilling: float | None = None,
    ) -> StatesDoc:
        """The document of densities of states, rounded.

        Args:
            energies: ``[E]`` eV above the highest occupied level.
            total: ``[spins, E]`` states/eV per cell.
            projected: As total, by element and shell.
            spilling: Share of the states outside the atomic orbitals.
        """
        return cls(
            energies=np.round(energies, 4).tolist(),
            total=np.round(total, 4).tolist(),
            projected={name: np.round(rows, 4).tolist() for name, rows in projected.items()},
            at_top=float(sum(np.interp(0.0, energies, row) for row in total)),
            spilling=spilling,
        )


class ElectronicInterpretation(BaseModel):
    """What the electrons of a crystal do, at the level of its static run."""

    formula: str
    band_gap: float | None = Field(description="On the mesh of the states, eV; 0 for a metal")
    direct: bool | None
    is_metal: bool
    total_magnetization: float | None = Field(description="Bohr magnetons per cell")
    absolute_magnetization: float | None = Field(description="Bohr magnetons per cell")
    states: StatesDoc
    charges: list[AtomicCharge]
    in_voids: float | None = Field(
        description="Electrons in Bader basins of voids, which no atom has; None if not looked for"
    )
    attractors: list[Attractor] = Field(description="Maxima of the ELF, the highest first")
    electride: ElectrideVerdict | None = Field(description="None where there is no ELF")
    slice: GridSlice | None = Field(description="The ELF through its chief valence maximum")
    notes: list[str] = Field(description="What a reader must know before trusting a number")
    dir_name: str = Field(description="Folder with the files of the run")


def gap_note(*, is_metal: bool) -> str:
    """What a reader must know of a gap, or of its absence."""
    if is_metal:
        return "a metal: there is no gap to analyse"
    return "semilocal functionals make gaps too small, often by a third to a half"
