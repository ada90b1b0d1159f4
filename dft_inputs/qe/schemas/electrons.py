"""Document of the electronic interpretation of a crystal."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dft_inputs.electrons.attractors import Attractor
from dft_inputs.electrons.electride import ElectrideVerdict
from dft_inputs.electrons.slices import GridSlice
from dft_inputs.qe.schemas.task import PwTaskDoc


class AtomicCharge(BaseModel):
    """One atom, in the order of the structure's sites."""

    element: str
    bader: float = Field(description="Charge, e; positive for cations")
    loewdin: float = Field(description="Charge, e; smaller than Bader's, and of the same order")
    moment: float | None = Field(description="Bohr magnetons (Loewdin); None without spin")


class StatesDoc(BaseModel):
    """Density of states, total and by element and shell."""

    energies: list[float] = Field(description="eV, 0 at the highest occupied level")
    total: list[list[float]] = Field(description="[spins, energies] states/eV per cell")
    projected: dict[str, list[list[float]]] = Field(description="As total, by 'O p'")
    at_top: float = Field(description="At the highest occupied level, states/eV per cell")
    spilling: float = Field(description="Share of the states outside the atomic orbitals")


class ElectronsDoc(BaseModel):
    """What the electrons of a crystal do, at the level of its static run."""

    formula: str
    task: PwTaskDoc = Field(description="The static run")
    band_gap: float | None = Field(description="On the dense mesh, eV; 0 for a metal")
    direct: bool | None
    is_metal: bool
    total_magnetization: float | None = Field(description="Bohr magnetons per cell")
    absolute_magnetization: float | None = Field(description="Bohr magnetons per cell")
    states: StatesDoc
    charges: list[AtomicCharge]
    in_voids: float = Field(description="Electrons in Bader basins of voids, which no atom has")
    attractors: list[Attractor] = Field(description="Maxima of the ELF, the highest first")
    electride: ElectrideVerdict
    slice: GridSlice = Field(description="The ELF through its chief valence maximum")
    notes: list[str] = Field(description="What a reader must know before trusting a number")
    dir_name: str = Field(description="Folder with the cubes of ELF, density and top states")
